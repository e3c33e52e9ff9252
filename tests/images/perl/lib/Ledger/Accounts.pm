package Ledger::Accounts;
use strict;
use warnings;
use JSON;

sub read_all {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "ledger: $path: $!\n";
    local $/;
    return @{ decode_json(<$file>) };
}

1;
