package dev.stoa.api;

import java.util.Optional;

/** The bodies of the requests about git. */
public final class GitRequests {
    private GitRequests() {}

    /** The ref is a branch, a tag or a commit; absent: what the repository shows first. */
    public record DeployGit(String url, Optional<String> ref) {}

    /** The branch is absent for the one that the forge calls the default. */
    public record ConnectGit(String url, Optional<String> branch) {}
}
