package dev.stoa.platform.source.git;

import java.io.File;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.storage.file.WindowCacheConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.jspecify.annotations.Nullable;

/**
 * What JGit is to know of the machine: nothing. It reads no git config but a repository's own, takes no hints from the
 * environment, asks no installed git, and holds little in memory.
 */
final class GitSettings {
    /** Larger files are streamed. Below it a file made of differences is put together in memory, which is far faster. */
    static final int IN_MEMORY_BYTES_MAX = 8 << 20;

    private static final int PACK_CACHE_BYTES = 16 << 20;

    private GitSettings() {}

    /** Has an effect on the whole process, and the same one each time. */
    static void install() {
        if (SystemReader.getInstance() instanceof Blind) {
            return;
        }
        SystemReader.setInstance(new Blind(SystemReader.getInstance()));
        WindowCacheConfig cache = new WindowCacheConfig();
        cache.setPackedGitLimit(PACK_CACHE_BYTES);
        cache.setStreamFileThreshold(IN_MEMORY_BYTES_MAX);
        cache.install();
    }

    private static final class Blind extends SystemReader.Delegate {
        Blind(SystemReader machine) {
            super(machine);
        }

        @Override
        public @Nullable String getenv(String variable) {
            return null;
        }

        @Override
        public FileBasedConfig openUserConfig(@Nullable Config parent, FS files) {
            return new Empty(parent, files);
        }

        @Override
        public FileBasedConfig openSystemConfig(@Nullable Config parent, FS files) {
            return new Empty(parent, files);
        }

        @Override
        public FileBasedConfig openJGitConfig(@Nullable Config parent, FS files) {
            return new Empty(parent, files);
        }
    }

    private static final class Empty extends FileBasedConfig {
        Empty(@Nullable Config parent, FS files) {
            super(parent, new File("/dev/null"), files);
        }

        @Override
        public void load() {}

        @Override
        public void save() {}

        @Override
        public boolean isOutdated() {
            return false;
        }
    }
}
