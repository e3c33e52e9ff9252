package Ledger::Format::Dump;
use strict;
use warnings;
use Data::Dumper;

sub write {
    my ($class, @accounts) = @_;
    local ($Data::Dumper::Terse, $Data::Dumper::Indent, $Data::Dumper::Sortkeys) = (1, 0, 1);
    return Dumper($accounts[0]) . "\n";
}

1;
