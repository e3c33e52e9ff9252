package Ledger::Secure;
use strict;
use warnings;
use IO::Socket::SSL;

# A conversation over TLS with a server that the system's trust store vouches for.
sub ask_ourselves {
    my $listener = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 2,
        SSL_cert_file => '/srv/tls/cert.pem', SSL_key_file => '/srv/tls/key.pem',
    ) or die "ledger: $SSL_ERROR\n";
    my $port = $listener->sockport;
    my $child = fork // die "ledger: fork: $!\n";
    if ($child == 0) {
        my $connection = $listener->accept;
        print {$connection} "hello\n" if $connection;
        exit 0;
    }
    my $client = IO::Socket::SSL->new(PeerAddr => '127.0.0.1', PeerPort => $port, SSL_hostname => 'localhost', SSL_verifycn_name => 'localhost');
    my $answer = $client ? <$client> : "refused: $SSL_ERROR";
    chomp $answer;
    waitpid $child, 0;
    return $answer;
}

1;
