package Ledger::Format::CSV;
use strict;
use warnings;
use Text::CSV;

sub write {
    my ($class, @accounts) = @_;
    my $csv = Text::CSV->new({ binary => 1, eol => "\n" });
    return join '', map { $csv->combine($_->{name}, $_->{amount}); $csv->string } @accounts;
}

1;
