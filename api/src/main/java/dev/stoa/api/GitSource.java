package dev.stoa.api;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A repository and what of it: a branch, a tag or a commit. Absent: what the repository itself shows first.
 */
public record GitSource(GitUrl url, Optional<String> ref) {
    private static final int REF_CHARS_MAX = 250;

    /** What git-check-ref-format refuses. */
    private static final Pattern BAD_REF =
            Pattern.compile("[\\p{Cntrl}\\s~^:?*\\[\\\\]|\\.\\.|@\\{|//|^[-/.]|[/.]$|\\.lock$|/\\.|^@$|\\.lock/");

    public GitSource {
        ref.ifPresent(name -> {
            if (name.isEmpty()
                    || name.length() > REF_CHARS_MAX
                    || BAD_REF.matcher(name).find()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" cannot be a branch, a tag or a commit".formatted(name),
                        "for example: https://github.com/you/shop.git#main");
            }
        });
    }

    /** Reads {@code URL} or {@code URL#ref}. */
    public static GitSource parse(String text) {
        int hash = text.indexOf('#');
        return hash < 0
                ? new GitSource(GitUrl.parse(text), Optional.empty())
                : new GitSource(GitUrl.parse(text.substring(0, hash)), Optional.of(text.substring(hash + 1)));
    }

    /** Without credentials. */
    @Override
    public String toString() {
        return url + ref.map(name -> "#" + name).orElse("");
    }
}
