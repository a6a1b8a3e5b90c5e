package dev.stoa.platform.source.git;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.ignore.IgnoreNode;
import org.eclipse.jgit.lib.AnyObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * What the .stoaignore of one folder, or else its .slugignore, says of what is below. A .gitignore has done its work before the commit.
 *
 * @param folder its path, which ends in a slash unless it is the root
 */
record IgnoreFile(String folder, Optional<IgnoreNode> rules) {
    private static final List<String> NAMES = List.of(".stoaignore", ".slugignore");

    static IgnoreFile in(Repository repository, AnyObjectId tree, String folder) throws IOException {
        for (String name : NAMES) {
            try (TreeWalk walk = TreeWalk.forPath(repository, name, tree)) {
                if (walk != null && (walk.getRawMode(0) & 0170000) == 0100000) {
                    IgnoreNode rules = new IgnoreNode();
                    try (InputStream in = repository.open(walk.getObjectId(0)).openStream()) {
                        rules.parse(folder + name, in);
                    }
                    return new IgnoreFile(folder, Optional.of(rules));
                }
            }
        }
        return new IgnoreFile(folder, Optional.empty());
    }

    /** As in git, the file nearest to a path decides first. */
    static boolean leaveOut(Iterable<IgnoreFile> nearestFirst, String path, boolean directory) {
        for (IgnoreFile file : nearestFirst) {
            Optional<Boolean> said = file.rules.flatMap(
                    rules -> Optional.ofNullable(rules.checkIgnored(path.substring(file.folder.length()), directory)));
            if (said.isPresent()) {
                return said.get();
            }
        }
        return false;
    }
}
