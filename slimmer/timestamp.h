// Times in documents: in the forms that they ask for, and as reproducible builds ask for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slim {

/// "2024-01-02T03:04:05Z" of seconds since 1970, which are clamped to the years 1970 to 9999.
std::string time_text(std::int64_t seconds);

/// Seconds since 1970 of a time in RFC 3339, fractions cut off; nothing where it is none.
std::optional<std::int64_t> parse_time(std::string_view text);

/// The time that SOURCE_DATE_EPOCH asks for, as time_text() writes it; a usage Error where it is no number.
std::optional<std::string> source_date();

/// When a document about an image was made: SOURCE_DATE_EPOCH, else when the image was (`created`, as its
/// config has it), else 1970, so that the same image gives the same document.
std::string document_time(std::string_view created);

}  // namespace slim
