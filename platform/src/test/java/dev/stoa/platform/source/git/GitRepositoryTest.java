package dev.stoa.platform.source.git;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GitRepositoryTest {
    @TempDir
    private Path dir;

    private Path bare = Path.of("/nonexistent");
    private WorkingCopy copy = new WorkingCopy(Path.of("/nonexistent"));

    @BeforeEach
    void aWorkingCopyWithARemote() throws Exception {
        bare = dir.resolve("bare");
        copy = WorkingCopy.init(dir.resolve("copy"));
        copy.git("remote", "add", "stoa", bare.toString());
    }

    @Test
    void aNewRepositoryIsOneForGitToo() throws Exception {
        GitRepository.open(bare).close();
        ObjectId commit = copy.with("a.txt", "a").commit("one");
        copy.git("push", "-q", "stoa", "main");
        assertThat(GitRepository.exists(bare)).isTrue();
        try (GitRepository again = GitRepository.open(bare)) {
            assertThat(again.repository().resolve("main")).isEqualTo(commit);
            assertThat(again.deployedBranch()).hasValue(GitRepository.MAIN);
        }
    }

    @Test
    void noBranchIsDeployedBeforeOneWas() throws Exception {
        try (GitRepository repository = GitRepository.open(bare)) {
            assertThat(repository.deployedBranch()).isEmpty();
            copy.commit("one");
            copy.git("push", "-q", "stoa", "main:master");
            assertThat(repository.deployedBranch()).isEmpty();
            repository.deployedBranch("refs/heads/master");
            assertThat(repository.deployedBranch()).hasValue("refs/heads/master");
        }
    }

    @Test
    void tidyingUpKeepsWhatSomethingLeadsToAndDropsTheRest() throws Exception {
        GitRepository.open(bare).close();
        // Git would unpack what is small.
        new WorkingCopy(bare).git("config", "receive.unpackLimit", "1");
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 10; i++) {
                copy.with("a.txt", "round %d, %d".formatted(round, i)).commit("commit " + i);
                copy.git("push", "-q", "stoa", "main");
            }
            copy.git("checkout", "-q", "-b", "gone");
            ObjectId gone = copy.with("gone.txt", "gone " + round).commit("gone");
            copy.git("push", "-q", "stoa", "gone");
            copy.git("push", "-q", "stoa", ":gone");
            copy.git("checkout", "-q", "main");
            copy.git("branch", "-q", "-D", "gone");
            Files.writeString(bare.resolve("objects/incoming_123.pack"), "half a pack");
            Files.writeString(bare.resolve("gc.pid"), "1 vm");

            try (GitRepository repository = GitRepository.open(bare)) {
                assertThat(repository.untidy()).isTrue();
                repository.tidy();
                assertThat(repository.untidy()).isFalse();
            }

            assertThat(packs()).hasSize(1);
            assertThat(bare.resolve("objects/incoming_123.pack")).doesNotExist();
            WorkingCopy there = new WorkingCopy(bare);
            there.git("fsck", "--strict");
            assertThat(there.tryGit("cat-file", "-e", gone.name()).status()).isNotZero();
            assertThat(there.git("log", "--format=%s", "main").lines()).hasSize(10 * (round + 1));
        }
    }

    @Test
    void noConfigOfTheMachineOrItsUserIsRead() throws Exception {
        try (GitRepository _ = GitRepository.open(bare)) {
            SystemReader machine = SystemReader.getInstance();
            assertThat(List.of(
                            machine.openUserConfig(null, FS.DETECTED),
                            machine.openSystemConfig(null, FS.DETECTED),
                            machine.openJGitConfig(null, FS.DETECTED)))
                    .allSatisfy(config -> assertThat(config.getFile()).hasToString("/dev/null"));
            assertThat(machine.getenv("PATH")).isNull();
        }
    }

    private List<String> packs() throws Exception {
        try (Stream<Path> files = Files.list(bare.resolve("objects/pack"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".pack"))
                    .toList();
        }
    }
}
