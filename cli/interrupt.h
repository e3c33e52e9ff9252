// What Ctrl-C and a CI service's stop leave behind: nothing.
#pragma once

namespace slim {

/// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT take away everything that is staged and end the process by
/// that signal; its sandboxes end before it. To be called once, from the main thread.
void clean_up_on_signals();

/// Where one of them has come: waits for the end that it brings. Before an error is reported, which the
/// cleaning up may have caused.
void wait_where_interrupted();

}  // namespace slim
