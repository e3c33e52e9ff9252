// libarchive converts names to the locale's character set; in the C locale, bytes stay bytes.
#pragma once

#include <locale.h>

namespace slim {

/// The calling thread is in the C locale as long as this lives.
class CLocale {
 public:
  CLocale() : previous_(::uselocale(c_locale())) {}
  ~CLocale() { ::uselocale(previous_); }
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;

 private:
  static locale_t c_locale() {
    static const locale_t locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }
  locale_t previous_;
};

}  // namespace slim
