// What Ctrl-C and a CI service's stop leave behind: nothing.
#pragma once

namespace slim {

/// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT take away everything that is staged and end the process by
/// that signal. Containers end with the process (runner/janitor.h). To be called once, from the main thread.
void clean_up_on_signals();

}  // namespace slim
