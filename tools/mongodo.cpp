// A command-line client for one database: writes and shows documents as Extended JSON. For scripts, such as
// those of the examples, and for experiments.

#include <CLI/CLI.hpp>
#include <iostream>

#include "workbench/eventually.hpp"
#include "workbench/mongo.hpp"

namespace {

using workbench::Document;
using workbench::Mongo;

struct Arguments {
  std::string uri = "mongodb://127.0.0.1:27017/?replicaSet=rs0";
  std::string database;
  std::string collection;
  std::vector<std::string> documents;
  std::string filter = "{}";
  std::string change;
  std::string sort = "{\"_id\":1}";
  std::string fields = "{}";
  int limit = 0;
  long long until = -1;
  int wait_seconds = 30;
};

int insert(Mongo& mongo, const Arguments& arguments) {
  for (const std::string& one : arguments.documents) mongo.insert(arguments.collection, Document(one));
  return 0;
}

int update(Mongo& mongo, const Arguments& arguments) {
  std::cout << mongo.update_many(arguments.collection, arguments.filter, arguments.change).modified
            << " changed\n";
  return 0;
}

int remove(Mongo& mongo, const Arguments& arguments) {
  std::cout << mongo.remove_many(arguments.collection, arguments.filter).deleted << " deleted\n";
  return 0;
}

int find(Mongo& mongo, const Arguments& arguments) {
  const std::string options = "{\"sort\":" + arguments.sort + ",\"projection\":" + arguments.fields +
                              ",\"limit\":" + std::to_string(arguments.limit) + "}";
  mongo.scan(arguments.collection, arguments.filter, options,
             [](const Document& one) { std::cout << one.json() << "\n"; });
  return 0;
}

/// Prints the number of documents. With --until, first waits for that number; returns 1 if it is not reached.
int count(Mongo& mongo, const Arguments& arguments) {
  long long found = 0;
  const auto reached = [&] {
    found = mongo.count(arguments.collection, arguments.filter);
    return arguments.until < 0 || found == arguments.until;
  };
  const bool right = workbench::eventually(std::chrono::seconds(arguments.wait_seconds), reached);
  std::cout << found << " " << arguments.collection;
  if (arguments.filter != "{}") std::cout << " " << arguments.filter;
  if (!right) std::cout << ", and should be " << arguments.until;
  std::cout << "\n";
  return right ? 0 : 1;
}

using Command = int (*)(Mongo&, const Arguments&);

CLI::App* add(CLI::App& app, const char* name, const char* help, Arguments& arguments, Command& chosen,
              Command command) {
  auto* added = app.add_subcommand(name, help)->callback([&chosen, command] { chosen = command; });
  added->add_option("database", arguments.database, "Database")->required();
  added->add_option("collection", arguments.collection, "Collection")->required();
  return added;
}

void describe(CLI::App& app, Arguments& arguments, Command& chosen) {
  app.require_subcommand(1);
  app.add_option("--uri", arguments.uri, "Connection string")->envname("MONGODB_URI")->capture_default_str();
  add(app, "insert", "Insert documents", arguments, chosen, insert)
      ->add_option("documents", arguments.documents, "Documents")
      ->required();
  auto* updating = add(app, "update", "Update all that match", arguments, chosen, update);
  updating->add_option("filter", arguments.filter, "Which")->required();
  updating->add_option("change", arguments.change, "Such as {\"$set\": ...}")->required();
  add(app, "delete", "Delete all that match", arguments, chosen, remove)
      ->add_option("filter", arguments.filter, "Which")
      ->required();
  auto* finding = add(app, "find", "Show what matches, a line each", arguments, chosen, find);
  finding->add_option("filter", arguments.filter, "Which")->capture_default_str();
  finding->add_option("--sort", arguments.sort, "Order")->capture_default_str();
  finding->add_option("--fields", arguments.fields, "Only these: {\"name\": 1}");
  finding->add_option("--limit", arguments.limit, "At most so many; 0: all");
  auto* counting = add(app, "count", "Count what matches", arguments, chosen, count);
  counting->add_option("filter", arguments.filter, "Which")->capture_default_str();
  counting->add_option("--until", arguments.until, "Wait for this number; 1 when it does not come");
  counting->add_option("--wait-seconds", arguments.wait_seconds, "How long")->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  const workbench::Driver driver;
  CLI::App app("Writes and shows documents of a MongoDB database", "mongodo");
  Arguments arguments;
  Command chosen = nullptr;
  describe(app, arguments, chosen);
  CLI11_PARSE(app, argc, argv);
  try {
    Mongo mongo(arguments.uri, arguments.database);
    return chosen(mongo, arguments);
  } catch (const std::exception& error) {
    std::cerr << "mongodo: " << error.what() << "\n";
    return 2;
  }
}
