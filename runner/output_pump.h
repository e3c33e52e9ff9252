// Moves bytes between a container's pipes and slim while the container runs, in threads of its own, so that a
// container never waits for slim to read.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "analyzer/unique_fd.h"
#include "runner/sandbox.h"

namespace slim {

struct PumpPipes {
  UniqueFd output;  ///< read ends
  UniqueFd error;
  UniqueFd records;  ///< of the path watcher; may be none
  UniqueFd input;    ///< the write end; may be none
  int input_from = -1;
};

class OutputPump {
 public:
  OutputPump(PumpPipes pipes, std::function<void(OutputStream, std::string_view)> on_output);
  /// The container has ended.
  ~OutputPump();
  OutputPump(const OutputPump&) = delete;
  OutputPump& operator=(const OutputPump&) = delete;

  /// Returns when all is read: the container, which holds the other ends, must have ended.
  void finish();
  /// Returns when what has been written by now is read, whoever still holds the other ends.
  void finish_now();
  [[nodiscard]] Captured captured(OutputStream stream);
  /// What the watcher wrote, see runner/watch_record.h.
  [[nodiscard]] std::string records();

 private:
  void pump_out();
  void pump_in();
  void take(std::size_t which, std::string_view bytes);

  PumpPipes pipes_;
  std::function<void(OutputStream, std::string_view)> on_output_;
  std::mutex mutex_;  ///< guards the three below
  Captured output_;
  Captured error_;
  std::string records_;
  UniqueFd stop_;      ///< an eventfd that ends pump_in
  UniqueFd stop_out_;  ///< the same for pump_out
  std::thread out_;
  std::thread in_;
};

}  // namespace slim
