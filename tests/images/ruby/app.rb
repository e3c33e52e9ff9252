# frozen_string_literal: true

# A small shop; most routes require what they need when they are called.
require 'sinatra'

$LOAD_PATH.unshift File.join(__dir__, 'lib')
autoload :Report, 'report'

get('/') { '<!doctype html><title>Shop</title><h1>Served by Ruby</h1>' }

get('/page') { erb :page, locals: { goods: ['pears', 'apples & plums'] } }

get '/orders' do
  require 'sqlite3'
  require 'json'
  database = SQLite3::Database.new(':memory:')
  database.execute('create table orders (name text, pieces integer)')
  [['pears', 3], ['apples', 5], ['pears', 4]].each { |row| database.execute('insert into orders values (?, ?)', row) }
  database.execute('select name, sum(pieces) from orders group by name order by name').to_json
end

get('/report') { Report.monthly }

get '/export/:form' do
  require "formats/#{params[:form]}"
  Formats.write([['pears', 7], ['apples', 5]])
end

get('/local') { Time.at(1_719_835_200).strftime('%H:%M %Z') }

post '/recode/:charset' do
  request.body.read.encode('UTF-8', params[:charset])
end

post '/titles' do
  require 'rexml/document'
  REXML::Document.new(request.body.read).elements['//entry[2]/title'].text
end

get '/secure' do
  require 'secure'
  Secure.ask_ourselves
end

get '/digests' do
  require 'openssl'
  require 'digest'
  "#{Digest::SHA256.hexdigest('pears')[0, 8]} #{OpenSSL::Digest.hexdigest('SHA3-256', 'pears')[0, 8]}"
end

get '/pack' do
  require 'zlib'
  Zlib.gunzip(Zlib.gzip('pears'))
end

get '/run' do
  require 'open3'
  sorted, = Open3.capture2('sort', '-r', stdin_data: "a\nc\nb\n")
  "#{sorted.delete("\n")}|#{`echo $((6 * 7))`.strip}"
end

get '/who' do
  require 'etc'
  require 'resolv'
  "#{Etc.getpwuid.name} at #{Addrinfo.getaddrinfo('localhost', nil, :INET, :STREAM).first.ip_address} #{Resolv.getaddress('localhost') != ''}"
end

get '/settings' do
  require 'yaml'
  YAML.load_file(File.join(__dir__, 'settings.yml')).fetch('greeting')
end

get '/price' do
  require 'bigdecimal'
  (BigDecimal('9.99') * BigDecimal('1.19')).round(2).to_s('F')
end
