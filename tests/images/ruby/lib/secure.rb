# frozen_string_literal: true

require 'net/http'
require 'openssl'
require 'socket'

# A conversation over TLS with a server that the system's trust store vouches for, and with one who trusts nobody.
module Secure
  def self.ask_ourselves
    context = OpenSSL::SSL::SSLContext.new
    context.cert = OpenSSL::X509::Certificate.new(File.read('/srv/tls/cert.pem'))
    context.key = OpenSSL::PKey.read(File.read('/srv/tls/key.pem'))
    listener = TCPServer.new('127.0.0.1', 0)
    server = OpenSSL::SSL::SSLServer.new(listener, context)
    Thread.new { 2.times { answer(server) } }
    "#{ask(listener.addr[1])}, #{ask(listener.addr[1], OpenSSL::X509::Store.new)}"
  end

  def self.answer(server)
    connection = server.accept
    connection.readpartial(1000)
    connection.write("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    connection.close
  rescue OpenSSL::SSL::SSLError
    nil # the client did not trust us
  end

  def self.ask(port, store = nil)
    client = Net::HTTP.new('localhost', port)
    client.use_ssl = true
    client.cert_store = store if store
    client.get('/').body
  rescue OpenSSL::SSL::SSLError
    'refused'
  end
end
