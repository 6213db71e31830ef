#include "telemetry/post.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <climits>

#include "base/text.h"

namespace mlpipe::telemetry {
namespace {

struct Library {
#define MLPIPE_CURL_FUNCTIONS(each) \
  each(curl_easy_cleanup) each(curl_easy_getinfo) each(curl_easy_init) each(curl_easy_setopt) each(curl_easy_strerror) \
  each(curl_global_init) each(curl_multi_add_handle) each(curl_multi_cleanup) each(curl_multi_info_read) each(curl_multi_init) \
  each(curl_multi_perform) each(curl_multi_poll) each(curl_multi_remove_handle) each(curl_multi_wakeup) \
  each(curl_slist_append) each(curl_slist_free_all)
#define MLPIPE_DECLARE(name) decltype(&::name) name = nullptr;
  MLPIPE_CURL_FUNCTIONS(MLPIPE_DECLARE)
#undef MLPIPE_DECLARE
  bool good = true;

  Library() {
    void* const handle = ::dlopen(MLPIPE_LIBCURL, RTLD_NOW | RTLD_LOCAL);
    good = handle != nullptr;
#define MLPIPE_FIND(function) \
  if (good) function = reinterpret_cast<decltype(function)>(::dlsym(handle, #function)); \
  good = good && function;
    MLPIPE_CURL_FUNCTIONS(MLPIPE_FIND)
#undef MLPIPE_FIND
    good = good && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }
};

const Library& library() {
  static const Library opened;
  return opened;
}

std::size_t discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

class CurlPoster final : public Poster {
 public:
  explicit CurlPoster(const Settings& settings)
      : timeout_(settings.timeout), multi_(library().curl_multi_init()), easy_(library().curl_easy_init()) {
    add_header("Content-Type: application/x-protobuf");
    add_header("Expect:");  // no round trip before the body
    for (const auto& [name, value] : settings.headers)
      if (is_plain(name) && is_plain(value)) add_header(fmt::format("{}: {}", name, value).c_str());
    set(CURLOPT_URL, settings.url.c_str());
    set(CURLOPT_HTTPHEADER, headers_);
    set(CURLOPT_USERAGENT, "mlpipe/" MLPIPE_VERSION);
    set(CURLOPT_POST, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_WRITEFUNCTION, discard);
    if (!settings.certificate.empty()) set(CURLOPT_CAINFO, settings.certificate.c_str());
    if (!settings.client_certificate.empty()) set(CURLOPT_SSLCERT, settings.client_certificate.c_str());
    if (!settings.client_key.empty()) set(CURLOPT_SSLKEY, settings.client_key.c_str());
#if LIBCURL_VERSION_NUM >= 0x075700
    set(CURLOPT_QUICK_EXIT, 1L);  // a name that is being looked up is not waited for
#endif
  }

  ~CurlPoster() override {
    library().curl_easy_cleanup(easy_);
    library().curl_multi_cleanup(multi_);
    library().curl_slist_free_all(headers_);
  }

  Answer post(std::string_view body) override {
    set(CURLOPT_POSTFIELDS, body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    const SteadyTime limit = std::chrono::steady_clock::now() + timeout_;
    library().curl_multi_add_handle(multi_, easy_);
    const Answer answer = wait(limit);
    library().curl_multi_remove_handle(multi_, easy_);
    return answer;
  }

  void hurry(SteadyTime deadline) override {
    deadline_ = deadline;
    library().curl_multi_wakeup(multi_);
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    library().curl_easy_setopt(easy_, option, value);
  }
  void add_header(const char* line) { headers_ = library().curl_slist_append(headers_, line); }

  Answer wait(SteadyTime limit) {
    for (;;) {
      int running = 0, left = 0;
      library().curl_multi_perform(multi_, &running);
      if (const CURLMsg* const message = library().curl_multi_info_read(multi_, &left)) return answer_of(message->data.result);
      const auto time = std::chrono::ceil<std::chrono::milliseconds>(std::min(limit, deadline_.load()) - std::chrono::steady_clock::now()).count();
      if (time <= 0) return {0, "it did not answer in time"};
      library().curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::min<long long>(time, INT_MAX)), nullptr);
    }
  }

  Answer answer_of(CURLcode result) const {
    if (result != CURLE_OK) return {0, lower(library().curl_easy_strerror(result))};
    long status = 0;
    library().curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    Answer answer{static_cast<int>(status), {}};
    if (!answer.good()) answer.error = fmt::format("it answered HTTP {}", status);
    return answer;
  }

  std::chrono::milliseconds timeout_;
  CURLM* multi_;
  CURL* easy_;
  curl_slist* headers_ = nullptr;
  std::atomic<SteadyTime> deadline_ = SteadyTime::max();
};

}  // namespace

Result<std::unique_ptr<Poster>> Poster::make(const Settings& settings) {
  if (!library().good)
    return Error{ErrorKind::step_failed, fmt::format("{}, which sends them, cannot be loaded", MLPIPE_LIBCURL), "apt-get install libcurl4 (or libcurl4t64)"};
  return std::unique_ptr<Poster>(std::make_unique<CurlPoster>(settings));
}

}  // namespace mlpipe::telemetry
