package dev.stoa.platform.source.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.source.ArchiveLimits;
import dev.stoa.platform.source.SourceArchive;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.eclipse.jgit.lib.ObjectId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GitTreeTest {
    @TempDir
    private Path dir;

    private final List<String> notes = new ArrayList<>();
    private WorkingCopy copy = new WorkingCopy(Path.of("/nonexistent"));

    @BeforeEach
    void aWorkingCopy() throws Exception {
        copy = WorkingCopy.init(dir.resolve("copy"));
    }

    @Test
    void aCommitComesOutAsItWentIn() throws Exception {
        copy.with("app.py", "print()").with("deep/er/über.txt", "x").with("bin/run", "#!/bin/sh");
        Files.createSymbolicLink(copy.folder().resolve("link"), Path.of("deep/er"));
        assertThat(copy.folder().resolve("bin/run").toFile().setExecutable(true))
                .isTrue();
        ObjectId commit = copy.commit("all");
        copy.with("app.py", "not committed");

        unpack(commit);

        assertThat(out("app.py")).hasContent("print()");
        assertThat(Files.isExecutable(out("app.py"))).isFalse();
        assertThat(Files.isExecutable(out("bin/run"))).isTrue();
        assertThat(out("deep/er/über.txt")).hasContent("x");
        assertThat(out("link")).isSymbolicLink();
        assertThat(Files.getLastModifiedTime(out("app.py")).toInstant().getEpochSecond())
                .isEqualTo(Long.parseLong(copy.git("log", "-1", "--format=%ct").strip()));
        assertThat(notes).isEmpty();
    }

    @Test
    void whatStoaignoreNamesIsLeftOut() throws Exception {
        copy.with(".stoaignore", "docs/\n*.log\n")
                .with("docs/big.txt", "x")
                .with("a.log", "x")
                .with("logs/.stoaignore", "!keep.log\n")
                .with("logs/keep.log", "x")
                .with("logs/drop.log", "x")
                .with("after.txt", "x");

        unpack(copy.commit("all"));

        assertThat(out("docs")).doesNotExist();
        assertThat(out("a.log")).doesNotExist();
        assertThat(out("logs/keep.log")).exists();
        assertThat(out("logs/drop.log")).doesNotExist();
        assertThat(out("after.txt")).exists();
    }

    @Test
    void whatSlugignoreNamesIsLeftOutWhereThereIsNoStoaignore() throws Exception {
        copy.with(".slugignore", "docs\n").with("docs/big.txt", "x").with("after.txt", "x");

        unpack(copy.commit("all"));

        assertThat(out("docs")).doesNotExist();
        assertThat(out("after.txt")).exists();
    }

    @Test
    void aPointerOfGitLfsIsNamed() throws Exception {
        copy.with("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
                .with("notes.txt", "see version https://git-lfs.github.com/spec/v1\n");

        unpack(copy.commit("all"));

        assertThat(notes.getFirst()).contains("model.bin is a Git LFS pointer");
        assertThat(notes).hasSize(2).noneMatch(note -> note.contains("notes.txt"));
    }

    @Test
    void submodulesAreFetchedAtTheirPinnedCommit() throws Exception {
        WorkingCopy inner = WorkingCopy.init(dir.resolve("served/inner"));
        inner.with("inner.txt", "inner").commit("inner");
        WorkingCopy lib = WorkingCopy.init(dir.resolve("served/lib"));
        try (GitHttpBackend server = new GitHttpBackend(dir.resolve("served"))) {
            lib.git("submodule", "--quiet", "add", server.url("inner/.git"), "inner");
            lib.with("lib.txt", "pinned").commit("one");
            copy.git("submodule", "--quiet", "add", server.url("lib/.git"), "vendor/lib");
            ObjectId commit = copy.with("app.py", "x").commit("all");
            lib.with("lib.txt", "newer").commit("two");

            unpack(commit);
        }
        assertThat(out("vendor/lib/lib.txt")).hasContent("pinned");
        assertThat(out("vendor/lib/inner/inner.txt")).hasContent("inner");
        assertThat(notes).anyMatch(note -> note.contains("submodule vendor/lib at"));
        assertThat(copy.folder().resolve(".git").toFile().list()).noneMatch(name -> name.startsWith("module-"));
    }

    @Test
    void aSubmoduleThatCannotBeFetchedIsNamedWithoutItsPassword() throws Exception {
        ObjectId commit = submodule("http://ann:s3cret@127.0.0.1:1/lib.git");
        assertThatThrownBy(() -> unpack(commit))
                .hasMessageContaining("the submodule lib cannot be fetched from http://ann@127.0.0.1:1/lib.git")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void aSubmoduleWithARelativeOrLocalUrlIsRefused() throws Exception {
        for (String url : List.of("../lib.git", "/srv/lib.git", "file:///srv/lib.git", "ext::sh -c id")) {
            ObjectId commit = submodule(url);
            assertThatThrownBy(() -> unpack(commit))
                    .as(url)
                    .isInstanceOf(StoaException.class)
                    .hasMessageContaining("the submodule lib has the URL " + url);
        }
    }

    @Test
    void aSubmoduleWithoutAnUrlIsRefused() throws Exception {
        WorkingCopy inner = WorkingCopy.init(copy.folder().resolve("inner"));
        inner.commit("inner");
        ObjectId commit = copy.commit("by mistake");
        assertThatThrownBy(() -> unpack(commit))
                .hasMessageContaining("inner is a submodule, but .gitmodules has no URL");
    }

    @Test
    void aTreeThatMultipliesIsStoppedAtItsLimit() throws Exception {
        copy.with("leaf", "x").commit("leaf");
        String tree = copy.git("rev-parse", "HEAD^{tree}").strip();
        for (int level = 0; level < 8; level++) {
            StringBuilder entries = new StringBuilder();
            for (int i = 0; i < 10; i++) {
                entries.append("040000 tree %s\td%d\n".formatted(tree, i));
            }
            tree = mktree(entries.toString());
        }
        ObjectId bomb =
                ObjectId.fromString(copy.git("commit-tree", "-m", "bomb", tree).strip());
        assertThatThrownBy(() -> unpack(bomb))
                .asInstanceOf(InstanceOfAssertFactories.type(StoaException.class))
                .extracting(StoaException::code)
                .isEqualTo(ErrorCode.TOO_LARGE);
    }

    @Test
    void aSourceThatIsTooLargeIsStoppedBeforeItIsWritten() throws Exception {
        ObjectId commit = copy.with("big.bin", "x".repeat(5000)).commit("big");
        try (GitRepository repository = GitRepository.open(copy.folder().resolve(".git"))) {
            assertThatThrownBy(() -> GitTree.pack(
                            repository.repository(),
                            commit,
                            OutputStream.nullOutputStream(),
                            notes::add,
                            new ArchiveLimits(10, 4999)))
                    .hasMessageContaining("big.bin");
        }
    }

    @Test
    void aCommitThatIsNotWholeIsSaid() throws Exception {
        ObjectId commit = copy.with("app.py", "x").commit("all");
        String blob = copy.git("rev-parse", "HEAD:app.py").strip();
        Files.delete(copy.folder().resolve(".git/objects/" + blob.substring(0, 2) + "/" + blob.substring(2)));
        assertThatThrownBy(() -> unpack(commit)).hasMessageContaining("damaged or not whole");
    }

    private ObjectId submodule(String url) throws Exception {
        copy.with(".gitmodules", "[submodule \"lib\"]\n\tpath = lib\n\turl = %s\n".formatted(url));
        copy.git("update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,lib");
        copy.git("add", ".gitmodules");
        copy.git("commit", "-q", "-m", "a submodule");
        return copy.head();
    }

    private String mktree(String entries) throws Exception {
        Process process = copy.start("mktree");
        try (OutputStream in = process.getOutputStream()) {
            in.write(entries.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }
        return new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII).strip();
    }

    private void unpack(ObjectId commit) throws IOException {
        Path archive = dir.resolve("archive.tar.gz");
        try (GitRepository repository = GitRepository.open(copy.folder().resolve(".git"));
                OutputStream file = Files.newOutputStream(archive)) {
            GitTree.pack(repository.repository(), commit, file, notes::add);
        }
        try (InputStream in = Files.newInputStream(archive)) {
            SourceArchive.unpack(in, dir.resolve("out"), ArchiveLimits.DEFAULT);
        }
    }

    private Path out(String name) throws IOException {
        assertThat(dir.resolve("out").toRealPath(LinkOption.NOFOLLOW_LINKS)).isDirectory();
        return dir.resolve("out").resolve(name);
    }
}
