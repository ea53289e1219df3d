#include "k8scale/base/flags.h"

#include "k8scale/base/nearest.h"
#include "k8scale/base/time.h"

namespace k8scale::base {
namespace {

// The name that CLI11 knows: "--name", or "-v" for a single letter that was declared so. Empty when unknown.
std::string declared_name(const CLI::App& app, const std::string& name) {
  if (name.size() == 1 && app.get_option_no_throw("-" + name) != nullptr) return "-" + name;
  return app.get_option_no_throw("--" + name) != nullptr ? "--" + name : "";
}

// The dashes in front of a flag: 1 or 2, or 0 for what is not a flag.
std::size_t count_dashes(const std::string& argument) {
  if (argument.size() < 2 || argument[0] != '-') return 0;
  const std::size_t dashes = argument[1] == '-' ? 2 : 1;
  return argument.size() > dashes ? dashes : 0;
}

// "Could not convert: --lambda = abc" becomes a line that says what was expected. Of several values the last
// one counts, so it is the one that was found.
std::string describe(const CLI::App& app, const CLI::ConversionError& error) {
  std::string text = error.what();
  const std::string prefix = "Could not convert: ";
  if (!text.starts_with(prefix)) return text;
  text.erase(0, prefix.size());
  const std::string name = text.substr(0, text.find(' '));
  const CLI::Option* option = app.get_option_no_throw(name);
  if (option == nullptr || option->results().empty()) return text;
  return name + ": found \"" + option->results().back() + "\", expected " + lower_type_name(*option);
}

// "--lambda: 1 required NUMBER missing" becomes the same kind of line.
std::string describe(const CLI::App& app, const CLI::ArgumentMismatch& error) {
  std::string text = error.what();
  const std::string name = text.substr(0, text.find(':'));
  const CLI::Option* option = app.get_option_no_throw(name);
  if (option == nullptr || !text.ends_with("missing")) return text;
  return name + ": found no value, expected " + lower_type_name(*option);
}

// CLI11 tells a flag with two dashes. Where `text` begins with one that was typed with one dash, so does the
// answer.
std::string name_as_typed(const std::string& text, const std::vector<std::string>& arguments) {
  if (!text.starts_with("--")) return text;
  const std::string one_dash = text.substr(1, text.find(':') - 1);
  const bool typed = std::any_of(arguments.begin(), arguments.end(), [&](const std::string& each) {
    return each == one_dash || each.starts_with(one_dash + "=");
  });
  return typed ? text.substr(1) : text;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
    names.insert(names.end(), option->get_snames().begin(), option->get_snames().end());
  }
  return names;
}

// `normalized` is what CLI11 left over, which has two dashes if `arguments` had one.
std::string describe_unknown_flag(const CLI::App& app, const std::string& normalized,
                                  const std::vector<std::string>& arguments) {
  const std::string one_dash = normalized.substr(1);
  const bool two_dashes = std::find(arguments.begin(), arguments.end(), one_dash) == arguments.end();
  const std::string typed = two_dashes ? normalized : one_dash;
  const std::size_t dashes = count_dashes(typed);
  const std::string name = typed.substr(dashes, typed.find('=') - dashes);
  const auto meant = nearest(name, flag_names(app));
  return "unknown flag " + typed + "; " +
         (meant ? "did you mean " + typed.substr(0, dashes) + *meant + "? " : "") + "--help lists the flags";
}

std::string describe_unknown(const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::vector<std::string> rest = app.remaining();
  const std::string first = rest.empty() ? "" : rest.front();
  if (first.starts_with("--")) return describe_unknown_flag(app, first, arguments);
  return "unexpected argument " + first + "; --help lists the flags";
}

}  // namespace

std::string lower_type_name(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type == "NUMBER") return "a number";
  if (type == "INTEGER") return "a whole number";
  if (type == "TEXT") return "a text";
  if (type == "DURATION") return "a duration such as 300ms, 5s or 1m";
  if (type == "BOOLEAN") return "true or false";
  return type.empty() ? "true or false" : type;
}

std::vector<std::string> normalize_go_arguments(const CLI::App& app,
                                                const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      out.insert(out.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
      break;
    }
    const std::size_t dashes = count_dashes(argument);
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(dashes, equals == std::string::npos ? equals : equals - dashes);
    const std::string flag = dashes == 0 ? "" : declared_name(app, name);
    if (flag.empty()) {
      // With one dash CLI11 would take it for letters, of which one may be declared.
      out.push_back(dashes == 1 ? "-" + argument : argument);
      continue;
    }
    const bool takes_value = app.get_option(flag)->get_items_expected_min() > 0;
    if (!takes_value) {
      out.push_back(equals == std::string::npos ? flag : flag + argument.substr(equals));
    } else if (equals != std::string::npos) {
      out.push_back(flag);
      out.push_back(argument.substr(equals + 1));
    } else {
      out.push_back(flag);
      if (i + 1 < arguments.size()) out.push_back(arguments[++i]);
    }
  }
  return out;
}

CLI::Option* add_bool(CLI::App& app, const std::string& name, bool& value, const std::string& help) {
  return app.add_flag(name, value, help + (value ? " (default true)" : " (default false)"))
      ->type_name("BOOLEAN");
}

CLI::Option* add_count(CLI::App& app, const std::string& name, std::uint64_t& value,
                       const std::string& help) {
  const auto read = [&value](const std::vector<std::string>& texts) {
    const std::string text = texts.empty() || texts.back().empty() ? "1" : texts.back();
    return CLI::detail::lexical_cast(text, value);
  };
  const auto check = [](const std::string& text) {
    return text.empty() ? std::string() : whole_number_fault<std::uint64_t>(text);
  };
  return app.add_option(name, read, help)
      ->expected(0, 1)
      ->type_name("[=N]")
      ->check(CLI::Validator(check, ""))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, Nanoseconds& value,
                          const std::string& help) {
  const auto read = [&value](const std::vector<std::string>& texts) {
    const auto parsed = parse_duration(texts.back());
    if (parsed) value = *parsed;
    return parsed.has_value();
  };
  return app.add_option(name, read, help)
      ->type_name("DURATION")
      ->default_str(format_duration(value))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

ParseOutcome parse_go_arguments(CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> normalized = normalize_go_arguments(app, arguments);
  std::reverse(normalized.begin(), normalized.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(normalized));
  } catch (const CLI::CallForHelp&) {
    return {false, 0, app.help()};
  } catch (const CLI::ConversionError& error) {
    return {false, 1, name_as_typed(describe(app, error), arguments)};
  } catch (const CLI::ArgumentMismatch& error) {
    return {false, 1, name_as_typed(describe(app, error), arguments)};
  } catch (const CLI::ExtrasError&) {
    return {false, 1, describe_unknown(app, arguments)};
  } catch (const CLI::Error& error) {
    return {false, 1, name_as_typed(error.what(), arguments)};
  }
  return {};
}

}  // namespace k8scale::base
