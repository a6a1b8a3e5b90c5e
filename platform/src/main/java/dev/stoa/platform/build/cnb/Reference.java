package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An entry of {@code [build] buildpacks}: where a buildpack is to be had. */
sealed interface Reference {
    /** A folder of the source, without {@code ./}. */
    record InSource(String folder) implements Reference {}

    /**
     * A folder of a git repository.
     *
     * @param ref    a branch, a tag or a commit; absent: the repository's own default
     * @param folder empty for the top one
     */
    record InGit(String url, Optional<String> ref, String folder) implements Reference {}

    Pattern GIT = Pattern.compile(
            "((?:https?|git|ssh)://[^#\\s]+|[\\w.-]+@[\\w.-]+:[^#\\s]+)(?:#([^#:\\s]*)(?::([^#\\s]*))?)?");
    Pattern REF = Pattern.compile("[\\w.@+/][\\w.@+/-]*");
    Pattern USER_INFO = Pattern.compile("://[^/@]*@");

    /**
     * Understands an entry.
     *
     * @param own    names of Stoa's own buildpacks, for whoever meant one of them
     * @param source the app's folder
     */
    static Reference parse(String text, List<String> own, Folder source) {
        String entry = text.strip();
        if (entry.startsWith("docker:") || entry.endsWith(".cnb") || entry.endsWith(".tgz")) {
            throw bad(entry, "is an image or an archive, and Stoa has no registry of images", meant(entry, own));
        }
        if (entry.startsWith("urn:cnb:") || entry.startsWith("from=")) {
            throw bad(entry, "is a name in a registry of buildpacks, and Stoa asks none", meant(entry, own));
        }
        Matcher git = GIT.matcher(entry);
        if (git.matches()) {
            return inGit(entry, git);
        }
        if (entry.contains("://") || entry.startsWith("/")) {
            throw bad(entry, "is neither a folder of the source nor the URL of a git repository", FORMS);
        }
        if (Arrays.asList(entry.split("/", -1)).contains("..")) {
            throw bad(entry, "leads out of the source", FORMS);
        }
        String folder = entry.replaceAll("^(\\./+)+", "").replaceAll("/+$", "");
        if (!entry.startsWith("./") && !entry.equals(".")) {
            throw source.hasFolder(folder) && !folder.isEmpty()
                    ? bad(
                            entry,
                            "must say that it is a folder",
                            "write it like this:  buildpacks = [\"./%s\"]".formatted(folder))
                    : bad(
                            entry,
                            "is neither a folder of the source nor the URL of a git repository",
                            meant(entry, own));
        }
        return new InSource(folder.isEmpty() ? "." : folder);
    }

    String FORMS =
            "write a folder of the source or a git repository:  buildpacks = [\"./my-buildpack\", \"https://host/repo.git#v1\"]";

    private static Reference inGit(String entry, Matcher git) {
        Optional<String> ref = Optional.ofNullable(git.group(2)).filter(r -> !r.isEmpty());
        if (ref.isPresent() && (!REF.matcher(ref.get()).matches() || ref.get().contains(".."))) {
            throw bad(entry, "names no branch, tag or commit after the #", FORMS);
        }
        String folder = Optional.ofNullable(git.group(3)).orElse("").replaceAll("^(\\./+|/+)+|/+$", "");
        if (Arrays.asList(folder.split("/", -1)).contains("..")) {
            throw bad(entry, "leads out of the repository", FORMS);
        }
        return new InGit(git.group(1), ref, folder);
    }

    /** {@code heroku/python} and the like are what Stoa has under a shorter name. */
    private static String meant(String entry, List<String> own) {
        String last =
                entry.replaceAll("(@|:)[^/:@]*$", "").replaceAll(".*/", "").replaceAll("\\.(cnb|tgz)$", "");
        return Nearest.of(last, own)
                .map("Stoa has a buildpack of its own for that:  buildpack = \"%s\""::formatted)
                .orElse(FORMS);
    }

    private static StoaException bad(String entry, String what, String hint) {
        return new StoaException(
                ErrorCode.BAD_MANIFEST,
                "\"%s\" in \"buildpacks\" of [build] in stoa.toml %s".formatted(shown(entry), what),
                hint);
    }

    /** An address without the password that may stand in it. */
    static String shown(String url) {
        return USER_INFO.matcher(url).replaceAll("://");
    }
}
