// The way of a report to where it is wanted: standard output, files (--report), and GitHub where slim runs in
// one of its workflows. The formats have one table and one switch.
#include <algorithm>
#include <array>
#include <iostream>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/error.h"
#include "cli/github.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "runner/verdict.h"

namespace slim {
namespace {

struct FormatName {
  Format format;
  std::string_view name;
  bool of_verdicts;  ///< a verdict alone can be told in it: it needs no image
};

constexpr auto formats = std::to_array<FormatName>({
    {Format::text, "text", true},
    {Format::json, "json", true},
    {Format::markdown, "markdown", true},
    {Format::sarif, "sarif", false},
    {Format::junit, "junit", true},
    {Format::gitlab, "gitlab", false},
    {Format::html, "html", false},
});

bool is_answer(const FormatName& one) {
  return one.format == Format::text || one.format == Format::json;
}

bool is_of_verdicts(const FormatName& one) {
  return one.of_verdicts;
}

bool is_any(const FormatName& /*one*/) {
  return true;
}

using Choice = bool (*)(const FormatName&);

std::string names_of(Choice choice, std::string_view separator) {
  std::string names;
  for (const FormatName& one : formats) {
    if (!choice(one)) continue;
    if (!names.empty()) names += separator;
    names += one.name;
  }
  return names;
}

Format chosen(std::string_view name, std::string_view option, Choice choice) {
  const auto* row = std::ranges::find(formats, name, &FormatName::name);
  if (row != formats.end() && choice(*row)) return row->format;
  std::string expected = names_of(choice, ", ");
  expected.replace(expected.rfind(", "), 2, " or ");
  throw Error(ErrorKind::usage, fmt::format("{} {}", option, name), "expected " + expected);
}

/// FORMAT=PATH of a --report.
std::pair<Format, std::string> parse_report(const std::string& request, Choice choice) {
  const auto equals = request.find('=');
  if (equals == std::string::npos || equals + 1 == request.size())
    throw Error(ErrorKind::usage, "--report " + request, "expected FORMAT=PATH");
  return {chosen(std::string_view(request).substr(0, equals), "--report", choice),
          request.substr(equals + 1)};
}

/// `result` is one report or those of all platforms, `all` the same as a list.
template <typename Result>
void render(const Result& result, std::span<const Report> all, Format format, const TextStyle& style,
            const TextDetail& detail, std::ostream& out) {
  switch (format) {
    case Format::text: {
      render_text(result, style, out, detail);
      return;
    }
    case Format::json: {
      render_json(result, out);
      return;
    }
    case Format::markdown: {
      render_markdown(all, comment_limit, out);
      return;
    }
    case Format::sarif: {
      render_sarif(all, out);
      return;
    }
    case Format::junit: {
      render_junit(all, out);
      return;
    }
    case Format::gitlab: {
      render_gitlab(all, out);
      return;
    }
    case Format::html: {
      render_html(all, out);
      return;
    }
  }
}

void render(const Verdict& verdict, Format format, const TextStyle& style, std::ostream& out) {
  if (format == Format::json) {
    render_verdict_json(verdict, out);
  } else if (format == Format::markdown) {
    render_verdict_markdown(verdict, out);
  } else if (format == Format::junit) {
    render_verdict_junit(verdict, out);
  } else {
    render_verdict(verdict, style, out);
  }
}

/// To all files and to standard output. `write` takes format, style and stream.
template <typename Write>
void deliver_with(const Options& options, Choice choice, Write write) {
  for (const std::string& request : options.reports) {
    const auto [format, path] = parse_report(request, choice);
    write_file_whole(path, [&write, wanted = format](std::ostream& out) { write(wanted, TextStyle{}, out); });
  }
  if (options.quiet) return;
  write(chosen(options.format, "--format", choice), style_of_stdout(options.no_color), std::cout);
  std::cout.flush();
}

template <typename Result>
void deliver_result(const Result& result, std::span<const Report> all, const Options& options) {
  const TextDetail detail{.wide = options.wide, .top = options.top, .tree = options.tree};
  deliver_with(options, is_any, [&](Format format, const TextStyle& style, std::ostream& out) {
    render(result, all, format, style, detail, out);
  });
  tell_github(github_of_environment(), all, std::cerr);
}

void add_report_option(CLI::App& command, Options& options) {
  command.add_option("--report", options.reports, "a report file, in any of the formats; repeatable")
      ->type_name("FORMAT=PATH")
      ->allow_extra_args(false);
}

void check_places(const Options& options, Choice choice) {
  for (const std::string& request : options.reports) check_file_place(parse_report(request, choice).second);
}

}  // namespace

void add_report_options(CLI::App& command, Options& options) {
  constexpr unsigned most = 1'000'000;
  constexpr unsigned deepest = 64;
  if (CLI::Option* format = command.get_option_no_throw("--format")) format->type_name(names_of(is_any, "|"));
  add_report_option(command, options);
  command.add_flag("--files", options.files, "every path with its decision and reason, in JSON");
  command.add_flag("--show-secrets", options.show_secrets,
                   "do not redact environment values that look like secrets");
  command.add_flag("--wide", options.wide, "in text: nothing is cut, neither names nor lists");
  command.add_option("--top", options.top, "in text: so many lines of each list")
      ->type_name("N")
      ->check(CLI::Range(1U, most));
  command.add_option("--tree", options.tree, "in text: the folders so deep, each with what is needed of it")
      ->type_name("DEPTH")
      ->check(CLI::Range(1U, deepest));
}

void add_verdict_report_options(CLI::App& command, Options& options) {
  if (CLI::Option* format = command.get_option_no_throw("--format"))
    format->type_name(names_of(is_of_verdicts, "|"));
  add_report_option(command, options);
}

Format format_of(std::string_view name, std::string_view option) {
  return chosen(name, option, is_any);
}

Format answer_format_of(std::string_view name, std::string_view option) {
  return chosen(name, option, is_answer);
}

void check_report_places(const Options& options) {
  check_places(options, is_any);
}

void check_verdict_report(const Options& options) {
  chosen(options.format, "--format", is_of_verdicts);
  check_places(options, is_of_verdicts);
}

void deliver(const Report& report, const Options& options) {
  deliver_result(report, {&report, 1}, options);
}

void deliver(const PlatformReports& reports, const Options& options) {
  deliver_result(reports, reports.reports, options);
}

void deliver(const ImageReports& reports, const Options& options) {
  deliver_result(reports, reports.reports, options);
}

void deliver(const Verdict& verdict, const Options& options) {
  deliver_with(options, is_of_verdicts, [&verdict](Format format, const TextStyle& style, std::ostream& out) {
    render(verdict, format, style, out);
  });
  tell_github(github_of_environment(), verdict, std::cerr);
}

}  // namespace slim
