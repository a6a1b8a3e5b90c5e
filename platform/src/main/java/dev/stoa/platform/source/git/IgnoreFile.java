package dev.stoa.platform.source.git;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.eclipse.jgit.ignore.IgnoreNode;
import org.eclipse.jgit.lib.AnyObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * What the .stoaignore of one folder says of what is below. A .gitignore has done its work before the commit.
 *
 * @param folder its path, which ends in a slash unless it is the root
 */
record IgnoreFile(String folder, Optional<IgnoreNode> rules) {
    private static final String NAME = ".stoaignore";

    static IgnoreFile in(Repository repository, AnyObjectId tree, String folder) throws IOException {
        try (TreeWalk walk = TreeWalk.forPath(repository, NAME, tree)) {
            if (walk == null || (walk.getRawMode(0) & 0170000) != 0100000) {
                return new IgnoreFile(folder, Optional.empty());
            }
            IgnoreNode rules = new IgnoreNode();
            try (InputStream in = repository.open(walk.getObjectId(0)).openStream()) {
                rules.parse(folder + NAME, in);
            }
            return new IgnoreFile(folder, Optional.of(rules));
        }
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
