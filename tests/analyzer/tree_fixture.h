// Layers and trees for tests, written by hand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/code_facts.h"
#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/elf_fixture.h"

namespace slim::test {

inline LayerEntry entry(EntryType type, std::string path, std::string link = {}) {
  LayerEntry made;
  made.type = type;
  made.path = std::move(path);
  made.link = std::move(link);
  made.mode = type == EntryType::directory ? 0755 : 0644;
  return made;
}

inline LayerEntry folder(std::string path) {
  return entry(EntryType::directory, std::move(path));
}
inline LayerEntry file(std::string path, std::uint64_t size = 1) {
  LayerEntry made = entry(EntryType::file, std::move(path));
  made.size = size;
  return made;
}
inline LayerEntry symlink(std::string path, std::string to) {
  return entry(EntryType::symlink, std::move(path), std::move(to));
}
inline LayerEntry hardlink(std::string path, std::string to) {
  return entry(EntryType::hardlink, std::move(path), std::move(to));
}
inline LayerEntry whiteout(std::string path) {
  return entry(EntryType::whiteout, std::move(path));
}

/// A file that may be executed.
inline LayerEntry program(std::string path) {
  LayerEntry made = file(std::move(path));
  made.mode = 0755;
  return made;
}

/// A file whose text is kept.
inline LayerEntry text_file(std::string path, std::string text) {
  LayerEntry made = file(std::move(path), text.size());
  auto facts = std::make_shared<FileFacts>();
  facts->text = std::move(text);
  made.facts = std::move(facts);
  return made;
}

/// A script: `interpreter` is what stands behind #!.
inline LayerEntry script(std::string path, const std::string& interpreter, const std::string& body) {
  LayerEntry made = program(std::move(path));
  auto facts = std::make_shared<FileFacts>();
  facts->shebang = interpreter;
  facts->text = "#!" + interpreter + "\n" + body;
  made.size = facts->text->size();
  made.facts = std::move(facts);
  return made;
}

/// An ELF file. Strings of constant data are given here and not put into the file: which strings a file has
/// is another test's subject.
inline LayerEntry elf_file(std::string path, const ElfSpec& spec, std::vector<std::string> library_names = {},
                           std::vector<std::string> absolute_paths = {}) {
  LayerEntry made = program(std::move(path));
  const std::string bytes = make_elf(spec);
  auto elf = parse_elf(bytes_of(bytes));
  EXPECT_TRUE(elf.has_value()) << made.path;
  if (!elf) return made;
  elf->library_names = std::move(library_names);
  elf->absolute_paths = std::move(absolute_paths);
  auto facts = std::make_shared<FileFacts>();
  facts->elf = std::make_unique<const ElfFacts>(*std::move(elf));
  made.size = bytes.size();
  made.facts = std::move(facts);
  return made;
}

/// An ELF file with the strings that its constant data has.
inline LayerEntry elf_file_of_strings(std::string path, const ElfSpec& spec) {
  LayerEntry made = elf_file(std::move(path), spec);
  const std::string bytes = make_elf(spec);
  auto facts = std::make_shared<FileFacts>();
  facts->elf = std::make_unique<const ElfFacts>(*parse_elf(bytes_of(bytes)));
  made.facts = std::move(facts);
  return made;
}

/// A file whose `content` is read as code, by its name.
inline LayerEntry code_file(std::string path, const std::string& content) {
  LayerEntry made = file(std::move(path), content.size());
  auto facts = std::make_shared<FileFacts>();
  facts->code = scan_code(code_language(made.path, ""), made.path, bytes_of(content));
  made.facts = std::move(facts);
  return made;
}

inline LayerIndex layer(std::vector<LayerEntry> entries) {
  LayerIndex index;
  index.entries = std::move(entries);
  return index;
}

/// A tree with the layers that it points into.
struct OwnedTree {
  std::vector<LayerIndex> layers;
  FileTree tree;

  explicit OwnedTree(std::vector<LayerIndex> made)
      : layers(std::move(made)), tree(FileTree::squash(layers)) {}
  /// Of one layer.
  explicit OwnedTree(std::vector<LayerEntry> entries)
      : OwnedTree(std::vector<LayerIndex>(1, layer(std::move(entries)))) {}
};

}  // namespace slim::test
