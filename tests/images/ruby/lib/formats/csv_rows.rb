# frozen_string_literal: true

require 'csv'

module Formats
  def self.write(rows) = rows.map(&:to_csv).join
end
