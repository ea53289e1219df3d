#include "kube/protobuf_object.h"

#include <algorithm>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <utility>

#include "kube/content_hash.h"
#include "kube/problem.h"
#include "kube/protobuf_frames.h"

namespace k8scale::kube {
namespace {

using Reader = protozero::pbf_reader;

constexpr std::string_view no_protobuf = "no protobuf";

std::string_view view(const protozero::data_view& data) { return {data.data(), data.size()}; }
std::string_view read_text(Reader& reader) { return view(reader.get_view()); }

// Calls `read` for each field that has a length, and passes over the others.
template <class Read>
void for_each_text(std::string_view bytes, Read read) {
  Reader reader(bytes.data(), bytes.size());
  while (reader.next()) {
    if (reader.wire_type() == protozero::pbf_wire_type::length_delimited) {
      const std::uint32_t field = reader.tag();
      read(field, read_text(reader));
    } else {
      reader.skip();
    }
  }
}

base::WallTime read_time(std::string_view bytes) {
  Reader reader(bytes.data(), bytes.size());
  std::int64_t seconds = 0;
  std::int32_t nanoseconds = 0;
  while (reader.next()) {
    if (reader.tag() == 1) {
      seconds = reader.get_int64();
    } else if (reader.tag() == 2) {
      nanoseconds = reader.get_int32();
    } else {
      reader.skip();
    }
  }
  return base::WallTime() + std::chrono::seconds(seconds) + base::Nanoseconds(nanoseconds);
}

// An entry of a map of texts.
std::pair<std::string_view, std::string_view> read_entry(std::string_view bytes) {
  std::pair<std::string_view, std::string_view> entry;
  for_each_text(bytes, [&](std::uint32_t field, std::string_view text) {
    if (field == 1) entry.first = text;
    if (field == 2) entry.second = text;
  });
  return entry;
}

// The object within "k8s\0" and runtime.Unknown.
std::optional<std::string_view> open_envelope(std::string_view bytes) {
  if (!bytes.starts_with(protobuf_magic)) return std::nullopt;
  std::optional<std::string_view> raw;
  for_each_text(bytes.substr(protobuf_magic.size()), [&](std::uint32_t field, std::string_view content) {
    if (field == 2) raw = content;
  });
  return raw;
}

StatusCause read_cause(std::string_view bytes) {
  StatusCause cause;
  for_each_text(bytes, [&](std::uint32_t field, std::string_view text) {
    if (field == 1) cause.reason = text;
    if (field == 2) cause.message = text;
    if (field == 3) cause.field = text;
  });
  return cause;
}

void read_details(std::string_view bytes, Status& status) {
  Reader reader(bytes.data(), bytes.size());
  while (reader.next()) {
    if (reader.tag() == 4) {
      status.causes.push_back(read_cause(read_text(reader)));
    } else if (reader.tag() == 5) {
      const std::int32_t seconds = reader.get_int32();
      if (seconds > 0) status.retry_after = std::min(std::chrono::seconds(seconds), longest_retry_after);
    } else {
      reader.skip();
    }
  }
}

Status read_status(std::string_view bytes) {
  Status status;
  Reader reader(bytes.data(), bytes.size());
  while (reader.next()) {
    switch (reader.tag()) {
      case 3:
        status.message = read_text(reader);
        break;
      case 4:
        status.reason = read_text(reader);
        break;
      case 5:
        read_details(read_text(reader), status);
        break;
      case 6:
        status.code = reader.get_int32();
        break;
      default:
        reader.skip();
    }
  }
  if (status.reason.empty()) status.reason = "Unknown";
  return status;
}

}  // namespace

Finding ProtobufParser::parse_item(std::string_view bytes, std::span<const std::string> annotations) {
  try {
    Finding finding;
    finding.kind = Finding::Kind::item;
    const std::string_view wrong = read_object(bytes, annotations, finding);
    return wrong.empty() ? finding : garbage(wrong);
  } catch (const protozero::exception&) {
    return garbage(no_protobuf);
  }
}

Finding ProtobufParser::parse_event(std::string_view bytes, std::span<const std::string> annotations,
                                    Status& refusal) {
  try {
    return read_event(bytes, annotations, refusal);
  } catch (const protozero::exception&) {
    return garbage(no_protobuf);
  }
}

Finding ProtobufParser::read_event(std::string_view bytes, std::span<const std::string> annotations,
                                   Status& refusal) {
  std::string_view type;
  std::string_view extension;
  for_each_text(bytes, [&](std::uint32_t field, std::string_view content) {
    if (field == 1) type = content;
    if (field == 2) extension = content;
  });
  Finding finding;
  if (!set_event_type(type, finding)) return garbage(problem::no_type);
  std::optional<std::string_view> object;
  for_each_text(extension, [&](std::uint32_t field, std::string_view content) {
    if (field == 1) object = open_envelope(content);
  });
  if (!object) return garbage(problem::no_object);
  if (finding.kind == Finding::Kind::refusal) {
    refusal = read_status(*object);
    return finding;
  }
  const std::string_view wrong = read_object(*object, annotations, finding);
  return wrong.empty() ? finding : garbage(wrong);
}

// Field 1 of every object is its ObjectMeta; field 2 of a ConfigMap its data.
std::string_view ProtobufParser::read_object(std::string_view bytes, std::span<const std::string> wanted,
                                             Finding& finding) {
  annotations_.assign(wanted.size(), {});
  ObjectView& object = finding.object;
  object.annotations = annotations_;
  bool has_metadata = false;
  for_each_text(bytes, [&](std::uint32_t field, std::string_view content) {
    if (field == 1) {
      has_metadata = true;
      read_metadata(content, wanted, finding);
    } else if (field == 2) {
      object.content_hash += hash_of("", content, HashOf::data);
    }
  });
  object.content_hash += hash_of(object.uid, object.resource_version, HashOf::identity);
  if (!has_metadata) return problem::no_metadata;
  return missing_member(finding);
}

void ProtobufParser::read_metadata(std::string_view bytes, std::span<const std::string> wanted,
                                   Finding& finding) {
  ObjectView& object = finding.object;
  for_each_text(bytes, [&](std::uint32_t field, std::string_view content) {
    switch (field) {
      case 1:
        object.name = content;
        break;
      case 3:
        object.namespace_name = content;
        break;
      case 5:
        object.uid = content;
        break;
      case 6:
        object.resource_version = content;
        break;
      case 8:
        object.created = read_time(content);
        break;
      case 11: {
        const auto [key, value] = read_entry(content);
        object.content_hash += hash_of(key, value, HashOf::labels);
        break;
      }
      case 12:
        read_annotation(content, wanted, finding);
        break;
      default:
        break;
    }
  });
}

void ProtobufParser::read_annotation(std::string_view bytes, std::span<const std::string> wanted,
                                     Finding& finding) {
  const auto [key, value] = read_entry(bytes);
  finding.object.content_hash += hash_of(key, value, HashOf::annotations);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (key == wanted[i]) annotations_[i] = value;
  }
  if (key == initial_events_end_annotation) finding.initial_events_end = value == "true";
}

std::optional<std::string_view> open_protobuf_envelope(std::string_view bytes) {
  try {
    return open_envelope(bytes);
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

std::string_view protobuf_resource_version(std::string_view bytes) {
  std::string_view version;
  try {
    const auto object = open_envelope(bytes);
    if (!object) return {};
    for_each_text(*object, [&](std::uint32_t field, std::string_view metadata) {
      if (field != 1) return;
      for_each_text(metadata, [&](std::uint32_t inner, std::string_view text) {
        if (inner == 6) version = text;
      });
    });
  } catch (const protozero::exception&) {
    return {};
  }
  return version;
}

std::optional<Status> parse_protobuf_status(std::string_view bytes) {
  try {
    const auto raw = open_envelope(bytes);
    if (!raw) return std::nullopt;
    return read_status(*raw);
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

std::optional<ProtobufListMetadata> parse_protobuf_list_metadata(std::string_view bytes) {
  try {
    ProtobufListMetadata metadata;
    for_each_text(bytes, [&](std::uint32_t field, std::string_view text) {
      if (field == 2) metadata.resource_version = text;
      if (field == 3) metadata.continue_token = text;
    });
    return metadata;
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

}  // namespace k8scale::kube
