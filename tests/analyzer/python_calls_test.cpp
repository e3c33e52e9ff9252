#include "analyzer/python_calls.h"

#include <gtest/gtest.h>

namespace slim {
namespace {

TEST(PythonCalls, FunctionsAreKnownByTheirNameWhoeverOwnsThem) {
  EXPECT_EQ(python_call("import_module", "importlib"), PythonCall::module);
  EXPECT_EQ(python_call("import_module", ""), PythonCall::module);
  EXPECT_EQ(python_call("files", "resources"), PythonCall::maybe_module);
  EXPECT_EQ(python_call("iter_modules", "pkgutil"), PythonCall::computed);
  EXPECT_EQ(python_call("entry_points", "metadata"), PythonCall::group);
  EXPECT_EQ(python_call("CDLL", "ctypes"), PythonCall::library);
  EXPECT_EQ(python_call("find_library", "util"), PythonCall::find_library);
  EXPECT_EQ(python_call("Popen", ""), PythonCall::command);
  EXPECT_EQ(python_call("getoutput", "subprocess"), PythonCall::shell);
}

TEST(PythonCalls, CommonWordsCountOnlyOfTheirModule) {
  EXPECT_EQ(python_call("run", "subprocess"), PythonCall::command);
  EXPECT_EQ(python_call("run", "app"), PythonCall::none);
  EXPECT_EQ(python_call("call", ""), PythonCall::none);
  EXPECT_EQ(python_call("system", "os"), PythonCall::shell);
  EXPECT_EQ(python_call("system", "platform"), PythonCall::none);
}

TEST(PythonCalls, OtherFunctionsNameNothing) {
  EXPECT_EQ(python_call("print", ""), PythonCall::none);
  EXPECT_EQ(python_call("", ""), PythonCall::none);
  EXPECT_EQ(python_call("import_modules", ""), PythonCall::none);
}

}  // namespace
}  // namespace slim
