#include "operations/aws_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "config/problems.hpp"
#include "rules/registry.hpp"

namespace sluice::operations {

namespace {

/// What is missing for rules that publish to AWS; "" if nothing is.
std::string lack_of(const AwsConfig& aws) {
  if (aws.region.empty())
    return "no region is set; set 'region' under 'aws', --aws-region or AWS_REGION, such as eu-central-1";
  if (aws.access_key_id.empty() == aws.secret_access_key.empty()) return "";
  const bool secret = aws.secret_access_key.empty();
  return fmt::format(
      "'{}' is set under 'aws' without '{}'; set both (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), or "
      "neither, and the credentials are looked for elsewhere",
      secret ? "access_key_id" : "secret_access_key", secret ? "secret_access_key" : "access_key_id");
}

}  // namespace

void check_aws_rules(const AwsConfig& aws, const std::vector<StreamConfig>& streams) {
  const std::string lack = lack_of(aws);
  if (lack.empty()) return;
  for (const StreamConfig& stream : streams) {
    for (const RuleConfig& rule : stream.rules) {
      if (rule.kind != "publish" || !rules::publishes_to_aws(rule.settings)) continue;
      // One is enough: all rules lack the same.
      rule.settings.fail("", fmt::format("rule '{}' publishes to AWS, and {}", rule.name, lack));
    }
  }
}

}  // namespace sluice::operations
