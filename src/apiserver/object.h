#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json_text.h"

namespace k8scale::apiserver {

/// "namespace" is empty for what is cluster-scoped.
struct Key {
  std::string namespace_name;
  std::string name;
  friend auto operator<=>(const Key&, const Key&) = default;
};
struct KeyView {
  std::string_view namespace_name;
  std::string_view name;
};
struct KeyOrder {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    const std::string_view left = a.namespace_name, right = b.namespace_name;
    return left != right ? left < right : std::string_view(a.name) < std::string_view(b.name);
  }
};

/// One version of an object. Immutable: encoded once, shared by the store, its history and every reader.
class Object {
 public:
  /// `document` has all of its metadata except resourceVersion, which `revision` becomes (0: none, a dry
  /// run).
  Object(Json document, std::uint64_t revision);

  [[nodiscard]] const std::string& encoded() const { return encoded_; }
  /// From "metadata" on, without kind and apiVersion: an element of a list has neither. Ends with "}".
  [[nodiscard]] std::string_view encoded_without_kind() const;
  [[nodiscard]] Json document() const;
  [[nodiscard]] const Key& key() const { return key_; }
  [[nodiscard]] const std::string& uid() const { return uid_; }
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  [[nodiscard]] const std::map<std::string, std::string>& labels() const { return labels_; }
  /// Memory that it takes, about.
  [[nodiscard]] std::size_t bytes() const;
  /// {"name":…}, part of the encoded text.
  [[nodiscard]] std::string_view metadata() const;
  /// The same object with another resourceVersion: what a watcher sees of a deletion.
  [[nodiscard]] std::shared_ptr<const Object> at(std::uint64_t revision) const;

 private:
  Key key_;
  std::string uid_;
  std::map<std::string, std::string> labels_;
  std::uint64_t revision_;
  std::string encoded_;
  std::size_t metadata_at_ = 0;
  std::size_t metadata_size_ = 0;
  std::size_t revision_at_ = 0;
};
using ObjectPointer = std::shared_ptr<const Object>;

}  // namespace k8scale::apiserver
