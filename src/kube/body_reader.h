#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "k8scale/kube/reflector.h"
#include "k8scale/kube/status.h"

namespace k8scale::kube {

/// One object, line, message or frame may be this large.
constexpr std::size_t longest_piece = 32 * 1024 * 1024;
/// What a list says beside its items may be this large.
constexpr std::size_t longest_list_head = 1024 * 1024;

/// What the body of a list or a watch says next.
struct Finding {
  enum class Kind {
    nothing,   ///< more bytes are needed
    item,      ///< of a list: `object`
    list_end,  ///< `object.resource_version` is the list's, `continue_token` for the next page
    change,    ///< an event of the watch: `type` and `object`
    bookmark,  ///< `object.resource_version`
    refusal,   ///< an ERROR event: `BodyReader::refusal`
    garbage,   ///< it makes no sense: `problem`, one of a few fixed texts. Nothing more can be read
  };
  Kind kind = Kind::nothing;
  EventType type = EventType::added;
  bool initial_events_end = false;  ///< of a bookmark: the objects that were there have all been told
  ObjectView object;
  std::string_view continue_token;
  std::string_view problem;
};

/// `problem` is one of a few fixed texts.
[[nodiscard]] Finding garbage(std::string_view problem);
/// Fills in kind and type from the type of an event on the wire; false when there is no such type.
[[nodiscard]] bool set_event_type(std::string_view type, Finding& finding);
/// What the finding's object lacks that every object has; empty when nothing.
[[nodiscard]] std::string_view missing_member(const Finding& finding);

/// Says "true" on the bookmark that ends a streamed list.
constexpr std::string_view initial_events_end_annotation = "k8s.io/initial-events-end";

/// Reads the body of one answer as it comes. Holds no more than the piece that is not whole yet.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  BodyReader() = default;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  /// The next bytes; they must last until `next` has found nothing more in them.
  virtual void put(std::string_view bytes) = 0;
  /// Views in what it returns last until it is called again.
  [[nodiscard]] virtual Finding next() = 0;
  /// Called when the body has ended: what its last bytes come to, or garbage when it was cut short.
  [[nodiscard]] virtual Finding finish() = 0;

  /// What the last `refusal` said.
  Status refusal;
};

}  // namespace k8scale::kube
