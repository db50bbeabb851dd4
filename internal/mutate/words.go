package mutate

import "strings"

// Words are what parsers and handlers may stumble over.
var Words = []string{
	"", " ", "\t", "\n", "\r\n", "\x00", "a\x00b", "\x01", "\x1b", "\x7f", "\xff", "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xef\xbf\xbd", "\xef\xbb\xbf", "\u00e9",
	"\u202e", "\u2028", "\U0001d4b3", "\U0001f600", `\ud800`, `\u0000`, `\`, `"`, "'", "`", "<", ">", "&", "&amp;", "]]>", "<![CDATA[", "<!--", "=", "&&", "&=", "%", "%00",
	"%zz", "%ff", "%2F", "%2e%2e", "+", ";", ":", "::", ",", ",,", ".", "..", ".1", ".0", ".-1", ".member.1", ".999999999", "/", "//", "/../", "*", "**", "?", "!", "#", "@", "|", "~",
	"[", "]", "[]", "{", "}", "{}", "(", ")", "(?i)", "(a+)+$", "[[:alpha:]]", "\\p{L}", "null", "~", "true", "false", "yes", "no", "on", "undefined", "None",
	"0", "-0", "-1", "1", "2", "00", "01", "0x10", "0o7", "1_000", "1.5", "1e3", "1e309", "-1e309", "1e-400", "1e308", "NaN", ".nan", "nan", "Infinity", "-Infinity", "inf", ".inf",
	"63", "64", "65", "127", "128", "255", "256", "1000", "1001", "32767", "32768", "65535", "65536", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295",
	"4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616", "99999999999999999999", "0.1", "-1.5",
	"2026-11-22T00:00:00Z", "2026-11-22", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "99999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "253402300800", "-62135596801",
	"12h", "-1h", "P1D", "rate(5 minutes)", "cron(0 0 * * ? *)", "00:00",
	"0.0.0.0", "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "10.0.0.1/32", "10.0.0.0/33", "10.0.0.0/-1", "999.0.0.0/99", "172.31.0.0/16", "172.31.255.0/28", "::/0",
	"::", "2001:db8::/56", "2001:db8::/129", "fe80::1%eth0", "::ffff:10.0.0.0/120", "localhost", "http://localhost", "https://example.com/a", "https://", "http://[::1", "file:///etc/passwd",
	"us-west-2", "us-west-2a", "us-east-1", "cn-north-1", "mars-1", "aws", "aws-cn", "111122223333", "999999999999",
	"arn:", "arn:aws", "arn:aws:::::", "arn:aws:iam::111122223333:role/r", "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:root", "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
	"arn:aws:eks:us-west-2:111122223333:cluster/c", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy", "arn:aws:kms:us-west-2:111122223333:key/x", "arn:aws:sqs:us-west-2:111122223333:q",
	"vpc-", "vpc-0", "vpc-0123456789abcdef0", "subnet-", "sg-", "i-", "ami-", "eni-", "rtb-", "igw-", "nat-", "lt-", "eipalloc-", "all", "-", "default", "$Latest", "$Default", "$Latest1",
	"t3.medium", "m5.large", "x", "c", "g", "r", "k", "AL2023_x86_64_STANDARD", "ON_DEMAND", "SPOT", "ACTIVE", "DELETE", "NONE", "OVERWRITE", "PRESERVE",
	"vpc-id", "tag:", "tag:Name", "tag-key", "state", "aws:", "aws:cloudformation:stack-name", "kubernetes.io/cluster/c", "eks.amazonaws.com", "ec2.amazonaws.com", "sts.amazonaws.com",
	"sts:AssumeRole", "ec2:*", "2012-10-17", "Allow", "Deny", "Statement", "Principal", "Action", "Resource", "Condition", "StringLike", "aws:PrincipalArn", "${aws:username}", "DryRun",
	"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Cidr", "Fn::If", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::FindInMap", "Fn::ImportValue",
	"Fn::Base64", "Fn::GetAZs", "Fn::Transform", "Fn::ForEach::L", "Fn::Length", "Fn::ToJsonString", "Fn::", "Condition", "DependsOn", "Properties", "Type", "Resources", "Outputs",
	"Parameters", "Mappings", "Conditions", "Rules", "Transform", "Metadata", "Export", "Name", "Value", "Default", "AllowedPattern", "AllowedValues", "MinValue", "NoEcho", "Number",
	"String", "CommaDelimitedList", "List<Number>", "List<AWS::EC2::Subnet::Id>", "AWS::SSM::Parameter::Value<String>", "AWS::NoValue", "AWS::Region", "AWS::EC2::VPC", "AWS::EC2::Subnet",
	"AWS::IAM::Role", "AWS::EKS::Cluster", "AWS::EKS::Nodegroup", "AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "Custom::X",
	"!Ref ", "!Sub ", "!GetAtt ", "!If ", "!Join ", "!Select ", "!Cidr ", "!Equals ", "!Condition ", "!Transform ", "!!binary ", "!!map ", "!!str ", "!!float ", "!!timestamp ",
	"!<tag:yaml.org,2002:int> ", "&a ", "*a", "<<: *a", "<<", "? ", "|\n  ", ">-\n  ", "--- ", "\n---\n", "\n...\n", "%YAML 1.2\n", "- ", ": ", "#x\n", "${", "${}", "${A}", "${A.B}",
	"${!A}", "${AWS::Region}", "${a${b}}", "{{resolve:ssm:/x:1}}", "{{resolve:secretsmanager:x}}", "Action=", "&Action=DescribeVpcs", "&Version=1", "&NextToken=x", "MC5m",
	strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("A", 129), strings.Repeat("é", 256), strings.Repeat("0", 1025), strings.Repeat("9", 400),
	strings.Repeat("a.", 200), strings.Repeat("x", 4097),
}
