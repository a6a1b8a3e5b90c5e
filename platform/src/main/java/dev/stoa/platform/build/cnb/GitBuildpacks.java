package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/**
 * Gets buildpacks from git repositories, with the machine's git in the build's own sandbox: a URL comes from the app, so it
 * must not be asked for with the platform's rights.
 */
final class GitBuildpacks {
    private static final int NO_GIT_STATUS = 89;
    private static final int NO_REF_STATUS = 88;

    private final Workbench bench;

    GitBuildpacks(Workbench bench) {
        this.bench = bench;
    }

    /** The repository's folder as it is at the ref now. */
    Folder fetch(Reference.InGit from) throws InterruptedException {
        String shown = Reference.shown(from.url());
        String ref = from.ref().orElse("HEAD");
        bench.step("Fetching buildpack %s%s"
                .formatted(shown, from.ref().map(r -> " at " + r).orElse("")));
        Path folder = bench.cache().resolve("git").resolve(fingerprint(from.url()));
        // A server that cannot give one commit alone gives all; a commit that is there already need not be asked for.
        String script = """
                command -v git >/dev/null || exit %4$d
                set -e
                mkdir -p %1$s; cd %1$s
                [ -d .git ] || git init -q
                url=%2$s; ref=%3$s
                if commit=$(git rev-parse -q --verify "$ref^{commit}" 2>/dev/null) && [ "$commit" = "$ref" ]; then
                    :
                elif git fetch -q --depth 1 --no-tags "$url" "$ref" 2>/dev/null; then
                    commit=$(git rev-parse FETCH_HEAD)
                elif [ "$ref" = HEAD ]; then
                    git fetch -q "$url" HEAD
                    commit=$(git rev-parse FETCH_HEAD)
                else
                    git fetch -q --prune --force "$url" "+refs/heads/*:refs/fetched/*" "+refs/tags/*:refs/tags/*"
                    commit=
                    for name in "refs/fetched/$ref" "refs/tags/$ref" "$ref"; do
                        if commit=$(git rev-parse -q --verify "$name^{commit}" 2>/dev/null); then break; fi
                    done
                    [ -n "$commit" ] || exit %5$d
                fi
                git -c advice.detachedHead=false checkout -q --force --detach "$commit"
                git clean -q -f -d -x
                git log -1 --format="at commit %%h of %%cs"
                """.formatted(
                        Shell.quote(folder.toString()),
                        Shell.quote(from.url()),
                        Shell.quote(ref),
                        NO_GIT_STATUS,
                        NO_REF_STATUS);
        int status = bench.status(
                script,
                Map.of(
                        "GIT_TERMINAL_PROMPT", "0",
                        "GIT_ASKPASS", "true",
                        "GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new",
                        "GIT_ALLOW_PROTOCOL", "http:https:git:ssh"));
        switch (status) {
            case 0 -> {}
            case NO_GIT_STATUS ->
                throw new StoaException(
                        ErrorCode.TOOL_MISSING,
                        "this machine has no git, which is needed to fetch buildpack " + shown,
                        "install it where the platform runs (apt install git), or put the buildpack's folder into the source");
            case NO_REF_STATUS ->
                throw new StoaException(
                        ErrorCode.BUILD_FAILED,
                        "buildpack %s has no branch, tag or commit \"%s\"".formatted(shown, ref),
                        "write one that it has after the # in \"buildpacks\" of [build] in stoa.toml");
            default ->
                throw new StoaException(
                        ErrorCode.BUILD_FAILED,
                        "buildpack %s could not be fetched: git ended with exit status %d".formatted(shown, status),
                        "what git says stands above; the address and the ref are in \"buildpacks\" of [build] in stoa.toml");
        }
        return new Folder(folder, folder.toString());
    }

    private static String fingerprint(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
