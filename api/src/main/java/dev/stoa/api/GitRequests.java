package dev.stoa.api;

import java.util.Optional;

/** The bodies of the requests about git. */
public final class GitRequests {
    private GitRequests() {}

    /**
     * @param ref    a branch, a tag or a commit; absent: what the repository shows first
     * @param canary the share of the requests in percent, for a release that is to be beside the active one
     */
    public record DeployGit(String url, Optional<String> ref, Optional<Integer> canary) {}

    /** The branch is absent for the one that the forge calls the default. */
    public record ConnectGit(String url, Optional<String> branch) {}
}
