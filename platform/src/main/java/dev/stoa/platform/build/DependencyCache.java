package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Installed dependencies of an app, kept by what they were installed from, so that a build which changes none of them
 * installs nothing.
 *
 * <p>Everything is read and written by the build's own shell: the files are made by the app's code, and the platform
 * does not touch them. An entry is written under another name and then renamed, so a build that is cut off leaves a good
 * cache.
 *
 * @param folder the entries of one kind
 * @param key    of this build's entry
 * @param what   the folder in the slug to keep
 */
record DependencyCache(Path folder, String key, String what) {
    /** The present one, and one to return to: a rollback, or another branch. */
    private static final int ENTRIES_MAX = 2;

    /** Beyond it the package managers' own downloads are dropped. */
    private static final int DOWNLOADS_KILOBYTES_MAX = 2 << 20;

    /** A key that is another for any other list of ingredients. */
    static String key(List<String> ingredients) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String ingredient : ingredients) {
                byte[] bytes = ingredient.getBytes(StandardCharsets.UTF_8);
                digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
                digest.update(bytes);
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    Path entry() {
        return folder.resolve(key);
    }

    boolean isPresent() {
        return Files.isDirectory(entry(), LinkOption.NOFOLLOW_LINKS);
    }

    /** Puts the entry into the slug; false when it could not. */
    boolean restore(BuildContext context, String then) throws InterruptedException {
        return restore(context, then, List.of());
    }

    /** @param readable what the commands need outside the system's directories and the app's cache */
    boolean restore(BuildContext context, String then, List<Path> readable) throws InterruptedException {
        // Where the file system can share blocks until they are written to, a copy costs next to nothing.
        String script = """
                set -e
                from=%1$s; to=%2$s
                rm -rf "$to"; mkdir -p "$(dirname "$to")"
                cp -a --reflink=auto "$from" "$to" 2>/dev/null || { rm -rf "$to"; cp -a "$from" "$to"; }
                # Not where it is another's.
                touch "$from" 2>/dev/null || :
                %3$s
                """.formatted(Shell.quote(entry().toString()), Shell.quote(what), then);
        return context.attempt(script, readable);
    }

    /** Keeps what the slug has now; a failure costs time in the next build, nothing else. */
    void save(BuildContext context) throws InterruptedException {
        if (!context.attempt(saving())) {
            context.detail("the dependencies could not be kept for the next build");
        }
    }

    /** The same, where nothing that the build does from here on changes them: nobody waits for it. */
    void saveAfterwards(BuildContext context) {
        context.afterwards(saving());
    }

    private String saving() {
        return """
                set -e
                [ -d %2$s ] || exit 0
                mkdir -p %1$s; cd_from=$PWD; new=%1$s/.new
                rm -rf "$new" %1$s/%3$s
                cp -a --reflink=auto "$cd_from"/%2$s "$new" 2>/dev/null || { rm -rf "$new"; cp -a "$cd_from"/%2$s "$new"; }
                touch "$new"; mv "$new" %1$s/%3$s
                ls -1t %1$s | tail -n +%4$d | while read -r old; do rm -rf %1$s/"$old"; done
                """.formatted(Shell.quote(folder.toString()), Shell.quote(what), key, ENTRIES_MAX + 1);
    }

    /** Drops a package manager's downloads when they have grown too large. */
    static void boundDownloads(BuildContext context, Path downloads) {
        String folder = Shell.quote(downloads.toString());
        // The folder need not be there.
        context.afterwards("[ ! -d %1$s ] || [ \"$(du -sk %1$s | cut -f1)\" -lt %2$d ] || rm -rf %1$s"
                .formatted(folder, DOWNLOADS_KILOBYTES_MAX));
    }
}
