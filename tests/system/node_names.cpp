// Every module that the JavaScript below a folder of an image names, and where slim finds it: what
// node_oracle_test.py compares with Node's own answer.
//
//   node_names IMAGE FOLDER    a JSON array of [file, "require" or "import", name, path]; path is "" for a
//   builtin
//                              and null where nothing is found
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "analyzer/code_facts.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/javascript.h"
#include "analyzer/layer_index.h"
#include "analyzer/node_modules.h"

namespace {

nlohmann::json names_below(const slim::ImageContents& image, const std::string& folder) {
  using slim::ScriptUse;
  const slim::FileTree& tree = image.tree;
  const slim::NodeModules modules(tree, image.image().config);
  nlohmann::json all = nlohmann::json::array();
  for (const slim::NodeId node : tree.walk(tree.find(folder))) {
    const slim::FileFacts* facts = tree.facts(node);
    if (facts == nullptr || facts->code.language != slim::Language::javascript) continue;
    for (const slim::CodeName& name : facts->code.names) {
      const auto use = static_cast<ScriptUse>(name.use & ~slim::optional_script_name);
      if (use != ScriptUse::require && use != ScriptUse::import) continue;
      const auto loader = use == ScriptUse::require ? slim::NodeLoader::require : slim::NodeLoader::import;
      const slim::Resolution found = modules.resolve(name.text, tree.node(node).parent, loader);
      nlohmann::json path;
      if (slim::NodeModules::is_builtin(name.text)) {
        path = "";
      } else if (found.node != slim::no_node) {
        path = tree.path(found.node);
      }
      all.push_back({tree.path(node), use == ScriptUse::require ? "require" : "import", name.text, path});
    }
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const slim::ImageContents image = slim::read_image(slim::parse_image_ref(argv[1]));
    const std::string text = names_below(image, argv[2]).dump();
    std::fwrite(text.data(), 1, text.size(), stdout);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
  return 0;
}
