#include <clocale>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include "cli/commands.h"

int main(int argc, char** argv) {
  // libarchive converts the names in pax headers, which are UTF-8, to the locale's character set.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  // What is inherited is not to be relied on: closed standard streams would be taken by the first file that
  // is opened, and an ignored SIGCHLD would hide how containers end.
  int descriptor = 0;
  while (descriptor >= 0 && descriptor < 3) descriptor = ::open("/dev/null", O_RDWR);
  if (descriptor >= 3) ::close(descriptor);
  std::signal(SIGCHLD, SIG_DFL);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows beyond the limit is an error of the write
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of the write, not a silent end
  return slim::run_command_line(argc, argv);
}
