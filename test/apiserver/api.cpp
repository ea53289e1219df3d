#include "api.h"

#include "apiserver/first_objects.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view token = "secret";

class Recorder : public net::Responder {
 public:
  net::Task<base::Result<void>> send(net::Response response) override {
    take(std::move(response));
    co_return base::Result<void>();
  }
  net::Task<base::Result<void>> begin(net::ResponseHead head) override {
    reply.status = head.status;
    reply.headers = std::move(head.headers);
    co_return base::Result<void>();
  }
  net::Task<base::Result<void>> write(std::string_view bytes) override {
    reply.text += bytes;
    co_return base::Result<void>();
  }
  net::Task<base::Result<void>> finish() override { co_return base::Result<void>(); }
  net::Task<base::Result<void>> send_cut_short(net::Response response, std::size_t bytes) override {
    take(std::move(response));
    reply.cut_at = bytes;
    co_return base::Result<void>();
  }
  void reset() override { reply.reset = true; }
  [[nodiscard]] bool stopping() const override { return false; }

  Reply reply;

 private:
  void take(net::Response response) {
    reply.status = response.status;
    reply.headers = std::move(response.headers);
    reply.text = std::move(response.body);
    reply.body = parse_json(reply.text).value;
  }
};

net::Task<void> handle_all(net::Shard& shard, ApiHandler& handler,
                           const std::vector<net::ServerRequest>& requests,
                           std::vector<Recorder>& recorders) {
  net::TaskGroup handling(shard);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    handling.spawn(handler.handle(requests[i], recorders[i]));
  }
  co_await handling.wait_until_done();
}

Core make_core(const ApiSetting& setting, const base::WallTime& now) {
  ResourceTable table(setting.resources);
  const std::size_t count = table.all().size();
  return {std::move(table), Schema(), Store(count, setting.window), base::Random(1, "objects"),
          [&now] { return now; }};
}

}  // namespace

std::vector<std::string> Reply::causes() const {
  std::vector<std::string> found;
  for (const Json& cause : member(member(body, "details"), "causes")) {
    std::string text(text_member(cause, "field"));
    text.append(": ").append(text_member(cause, "message"));
    text.append(" (").append(text_member(cause, "reason")).append(")");
    found.push_back(std::move(text));
  }
  return found;
}

std::vector<std::string> Reply::names() const {
  std::vector<std::string> found;
  for (const Json& item : member(body, "items")) {
    found.emplace_back(text_member(member(item, "metadata"), "name"));
  }
  for (const Json& row : member(body, "rows")) found.push_back(row.at("cells").at(0).get<std::string>());
  return found;
}

Api::Api(const ApiSetting& setting) : core_(make_core(setting, now)) {
  put_first_objects(core_, "127.0.0.1", 6443, {});
  ApiHandler::Options options{std::string(token), "127.0.0.1:6443", setting.max_in_flight, setting.faults};
  handler_ = std::make_unique<ApiHandler>(shard_, core_, std::move(options), base::Random(1, "faults"));
}

Reply Api::send(net::ServerRequest request) { return send_together({std::move(request)}).front(); }

std::vector<Reply> Api::send_together(const std::vector<net::ServerRequest>& requests) {
  std::vector<Recorder> recorders(requests.size());
  shard_.run(handle_all(shard_, *handler_, requests, recorders));
  std::vector<Reply> replies;
  for (Recorder& each : recorders) replies.push_back(std::move(each.reply));
  return replies;
}

Reply Api::get(const std::string& target, std::string_view accept) {
  net::ServerRequest sent = request("GET", target, "", "");
  sent.headers.add("Accept", accept);
  return send(std::move(sent));
}
Reply Api::post(const std::string& target, const Json& object) {
  return send(request("POST", target, to_text(object)));
}
Reply Api::put(const std::string& target, const Json& object) {
  return send(request("PUT", target, to_text(object)));
}
Reply Api::patch(const std::string& target, std::string_view type, std::string_view body) {
  return send(request("PATCH", target, std::string(body), type));
}
Reply Api::remove(const std::string& target, std::string_view body) {
  return send(request("DELETE", target, std::string(body)));
}

net::ServerRequest request(std::string method, std::string target, std::string body,
                           std::string_view content_type) {
  net::ServerRequest sent;
  sent.method = std::move(method);
  sent.target = std::move(target);
  sent.body = std::move(body);
  sent.headers.add("Authorization", std::string("Bearer ").append(token));
  if (!content_type.empty()) sent.headers.add("Content-Type", content_type);
  return sent;
}

Json config_map(std::string_view name, Json data, Json labels) {
  Json object = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}};
  if (!data.empty()) object["data"] = std::move(data);
  if (!labels.empty()) object["metadata"]["labels"] = std::move(labels);
  return object;
}

}  // namespace k8scale::apiserver
