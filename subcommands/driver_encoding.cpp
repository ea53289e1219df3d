// What a driver writes its objects in.
#include <fmt/format.h>

#include "driver.h"
#include "k8scale/base/error.h"
#include "k8scale/base/log.h"

namespace k8scale::subcommands {

using Known = kube::ProtobufForm::Known;

kube::ProtobufForm Driver::protobuf_form_of(const kube::Collection& collection) {
  const kube::Resource& resource = collection.resource();
  if (resource.is_config_maps()) return {Known::yes, {}};
  if (cluster_.embedded) {  // not by a request, which a fault could hit
    return {cluster_.embedded->has_protobuf(resource) ? Known::yes : Known::no, "it is not a built-in kind"};
  }
  const std::string name = settings_.run_id + "-0";  // those of the run begin with 1
  return start_shard_->run(kube::find_protobuf_form(*start_shard_, cluster_.configuration, credentials_,
                                                    client_options_, collection, name));
}

kube::Encoding Driver::encoding_of(const kube::Resource& resource, std::string_view in_namespace) {
  if (!flags_.use_protobuf) return kube::Encoding::json;
  const kube::Collection collection(resource, in_namespace);
  const kube::ProtobufForm form = protobuf_form_of(collection);
  if (form.known == Known::yes) return kube::Encoding::protobuf;
  if (form.known == Known::unknown) {
    throw base::Error(
        fmt::format("-useProtobuf: {} does not say whether it has {} in protobuf: {}; try again, or "
                    "without the flag",
                    start_client_->server(), collection.qualified(), form.reason),
        kube::configuration_exit_code);
  }
  no_protobuf_ = fmt::format("-useProtobuf: {} has no protobuf form of {}, so JSON is written: {}",
                             start_client_->server(), collection.qualified(), form.reason);
  base::log_warning(no_protobuf_);
  return kube::Encoding::json;
}

nlohmann::ordered_json Driver::summary_parameters(const DriverPlan& plan) const {
  nlohmann::ordered_json parameters = plan.summary_parameters;
  parameters.update(flags_.summary_parameters());
  if (flags_.use_protobuf) parameters["encoding"] = no_protobuf_.empty() ? "protobuf" : "json";
  return parameters;
}

}  // namespace k8scale::subcommands
