// Rows for the rules of rules/runtimes.json.
#pragma once

#include <string>
#include <vector>

#include "tests/slimmer/rule_case.h"

namespace slim {

inline std::vector<RuleCase> runtimes_cases() {
  const std::string otp = "/usr/lib/erlang/";
  const std::string elixir = "/usr/lib/elixir/";
  const std::string r = "/usr/lib/R/";
  return {
      keeping("erlang", {a_file(otp + "erts-13.1/bin/beam.smp")},
              {otp + "erts-13.1/bin/beam.smp", otp + "erts-13.1/bin/epmd", otp + "bin",
               otp + "bin/start.boot", otp + "releases", otp + "releases/25/start.boot", otp + "releases/25",
               otp + "lib/kernel-8/ebin", otp + "lib/kernel-8/ebin/kernel.app", otp + "lib/crypto-5/priv",
               otp + "lib/crypto-5/priv/crypto.so"},
              {otp + "lib/kernel-8/src/kernel.erl", otp + "erts-13.1/include/x.h"},
              {a_file("/usr/bin/beam.smp")}),
      keeping("erlang-launcher", {a_file(otp + "bin/erl")},
              {otp + "bin/erl", otp + "bin/start.boot", otp + "erts-13.1/bin/erlexec"},
              {otp + "lib/kernel-8/ebin/kernel.app"}, {a_file("/opt/bin/erl")}),
      keeping("elixir", {a_file(elixir + "bin/elixir")},
              {elixir + "bin/elixir", elixir + "bin/iex", elixir + "lib/mix/ebin",
               elixir + "lib/mix/ebin/mix.app"},
              {elixir + "lib/mix/lib/mix.ex"}, {a_file("/opt/bin/elixir")}),
      keeping("r", {a_file(r + "bin/R")},
              {r + "bin", r + "bin/R", r + "bin/exec", r + "bin/exec/R", r + "etc", r + "etc/Renviron",
               r + "lib", r + "lib/libR.so", r + "library", r + "library/base",
               r + "library/base/DESCRIPTION", "/etc/R", "/etc/R/Renviron", "/usr/local/lib/R/site-library",
               "/usr/local/lib/R/site-library/x", "/usr/local/lib/R/site-library/x/DESCRIPTION"},
              {r + "doc/manual/x.html", "/usr/share/R/doc/x"}, {a_file("/usr/bin/R")}),
  };
}

}  // namespace slim
