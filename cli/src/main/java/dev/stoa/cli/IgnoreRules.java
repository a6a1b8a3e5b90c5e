package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.ignore.IgnoreNode;
import org.jspecify.annotations.Nullable;

/**
 * What .gitignore and .stoaignore files leave out of a deploy. As in git, the file nearest to a path decides first and
 * {@code !} takes back; what any .stoaignore says wins over every .gitignore. In a folder without one, Heroku's .slugignore
 * counts as one.
 */
final class IgnoreRules {
    private static final String GIT = ".gitignore";
    private static final String STOA = ".stoaignore";
    private static final String HEROKU = ".slugignore";

    private final Path folder;
    private final @Nullable IgnoreRules outer;
    private final Optional<IgnoreNode> git;
    private final Optional<IgnoreNode> stoa;

    private IgnoreRules(Path folder, @Nullable IgnoreRules outer) {
        this.folder = folder;
        this.outer = outer;
        this.git = read(folder.resolve(GIT));
        this.stoa = read(folder.resolve(STOA)).or(() -> read(folder.resolve(HEROKU)));
    }

    /** The rules for a folder that is deployed: its own, and those of the git repository that it is in. */
    static IgnoreRules of(Path folder) {
        List<Path> above = new ArrayList<>();
        boolean repository = Files.exists(folder.resolve(".git"));
        for (Path parent = folder.getParent(); !repository && parent != null; parent = parent.getParent()) {
            above.addFirst(parent);
            repository = Files.exists(parent.resolve(".git"));
        }
        IgnoreRules rules = null;
        if (repository) {
            for (Path parent : above) {
                rules = new IgnoreRules(parent, rules);
            }
        }
        return new IgnoreRules(folder, rules);
    }

    /** The rules inside a folder of this folder. */
    IgnoreRules inside(Path child) {
        return new IgnoreRules(child, this);
    }

    /** Whether a path directly in this folder is left out. */
    boolean ignores(Path path, boolean directory) {
        for (IgnoreRules rules = this; rules != null; rules = rules.outer) {
            Optional<Boolean> said = rules.says(rules.stoa, path, directory);
            if (said.isPresent()) {
                return said.get();
            }
        }
        for (IgnoreRules rules = this; rules != null; rules = rules.outer) {
            Optional<Boolean> said = rules.says(rules.git, path, directory);
            if (said.isPresent()) {
                return said.get();
            }
        }
        return false;
    }

    private Optional<Boolean> says(Optional<IgnoreNode> rules, Path path, boolean directory) {
        return rules.flatMap(node -> Optional.ofNullable(
                node.checkIgnored(folder.relativize(path).toString().replace('\\', '/'), directory)));
    }

    private static Optional<IgnoreNode> read(Path file) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try (InputStream in = Files.newInputStream(file)) {
            IgnoreNode node = new IgnoreNode();
            node.parse(file.toString(), in);
            return Optional.of(node);
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "cannot read %s: %s".formatted(file, Reason.of(e)),
                    "without it, files that should stay here could be sent",
                    e);
        }
    }
}
