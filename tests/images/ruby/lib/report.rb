# frozen_string_literal: true

require 'date'

# Reached by one route only.
module Report
  def self.monthly = "#{Date::MONTHNAMES[2]}: #{Date.new(2024, 2, -1).day} days"
end
