#include "analyzer/python_distributions.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/python.h"

namespace slim {
namespace {

/// PEP 503, with underscores as modules have them: runs of -, _ and . are one.
std::string normalized(std::string_view name) {
  std::string made;
  for (const char c : name) {
    if (c != '-' && c != '_' && c != '.') {
      made += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!made.ends_with('_')) {
      made += '_';
    }
  }
  return made;
}

}  // namespace

void PythonDistributions::add_site(NodeId site) {
  if (std::ranges::find(sites_, site) != sites_.end()) return;
  sites_.push_back(site);
  for (const NodeId child : tree_->node(site).children) {
    const std::string& name = tree_->node(child).name;
    if (name.ends_with(".dist-info") || name.ends_with(".egg-info")) add(site, child);
  }
}

void PythonDistributions::read(PythonDistribution& distribution, NodeId file, std::string& project) const {
  const FileFacts* facts = tree_->facts(file);
  if (facts == nullptr || facts->code.language != Language::python) return;
  for (const CodeName& name : facts->code.names) {
    switch (static_cast<PythonUse>(name.use & python_use_mask)) {
      case PythonUse::top_level:
        distribution.tops.push_back(name.text);
        break;
      case PythonUse::requirement:
        distribution.requirements.push_back(name.text);
        break;
      case PythonUse::outside:
        distribution.outside.push_back(name.text);
        break;
      case PythonUse::project:
        project = name.text;
        break;
      case PythonUse::entry_point: {
        const std::size_t equals = name.text.find('=');
        distribution.entry_points.emplace_back(name.text.substr(0, equals), name.text.substr(equals + 1));
        break;
      }
      default:
        break;
    }
  }
}

void PythonDistributions::add(NodeId site, NodeId record) {
  PythonDistribution made{
      .record = record, .site = site, .tops = {}, .requirements = {}, .outside = {}, .entry_points = {}};
  const std::string& folder = tree_->node(record).name;
  std::string project(folder.substr(0, folder.find('-')));
  if (tree_->is(record, EntryType::directory)) {
    for (const NodeId child : tree_->node(record).children) read(made, child, project);
  } else {
    read(made, record, project);
  }
  if (made.tops.empty()) {  // a module is mostly called as its project
    const std::string name = normalized(project);
    for (const NodeId child : tree_->node(site).children) {
      const std::string& other = tree_->node(child).name;
      if (!other.ends_with("-info") && normalized(other.substr(0, other.find('.'))) == name)
        made.tops.push_back(other.substr(0, other.find('.')));
    }
  }
  const std::size_t index = all_.size();
  for (const std::string& top : made.tops) by_top_[site].emplace(top, index);
  by_project_.emplace(normalized(project), index);
  all_.push_back(std::move(made));
}

const PythonDistribution* PythonDistributions::of_module(NodeId site, std::string_view path) const {
  const auto tops = by_top_.find(site);
  if (tops == by_top_.end()) return nullptr;
  while (!path.empty()) {
    const auto found = tops->second.find(path);
    if (found != tops->second.end()) return &all_[found->second];
    const std::size_t slash = path.rfind('/');
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  return nullptr;
}

const PythonDistribution* PythonDistributions::of_project(std::string_view name) const {
  const auto found = by_project_.find(normalized(name));
  return found == by_project_.end() ? nullptr : &all_[found->second];
}

}  // namespace slim
