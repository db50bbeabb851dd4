package journal

import (
	"cmp"
	"os"
	"os/user"
)

// Here is who runs this process, as far as the machine knows.
func Here() Actor {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return Actor{Who: name + "@" + host, CI: ci(os.Getenv)}
}

// ci is the URL of the CI run that the environment tells of, "" where there is none.
func ci(env func(string) string) string {
	if run := env("GITHUB_RUN_ID"); run != "" {
		return cmp.Or(env("GITHUB_SERVER_URL"), "https://github.com") + "/" + env("GITHUB_REPOSITORY") + "/actions/runs/" + run
	}
	if base, id := env("SYSTEM_COLLECTIONURI"), env("BUILD_BUILDID"); base != "" && id != "" { // Azure Pipelines
		return base + env("SYSTEM_TEAMPROJECT") + "/_build/results?buildId=" + id
	}
	// GitLab, Buildkite, CircleCI, CodeBuild, Jenkins.
	for _, v := range []string{"CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "CODEBUILD_PUBLIC_BUILD_URL", "BUILD_URL"} {
		if url := env(v); url != "" {
			return url
		}
	}
	return ""
}
