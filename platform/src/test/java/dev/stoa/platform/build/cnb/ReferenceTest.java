package dev.stoa.platform.build.cnb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferenceTest {
    @TempDir
    Path dir;

    @Test
    void aFolderOfTheSource() {
        assertThat(parse("./packs/one/")).isEqualTo(new Reference.InSource("packs/one"));
        assertThat(parse(".")).isEqualTo(new Reference.InSource("."));
    }

    @Test
    void aGitRepositoryWithARefAndAFolder() {
        assertThat(parse("https://host/a/repo.git"))
                .isEqualTo(new Reference.InGit("https://host/a/repo.git", Optional.empty(), ""));
        assertThat(parse("https://host/a/repo.git#v1.2"))
                .isEqualTo(new Reference.InGit("https://host/a/repo.git", Optional.of("v1.2"), ""));
        assertThat(parse("https://host/a/repo#feature/x:packs/one"))
                .isEqualTo(new Reference.InGit("https://host/a/repo", Optional.of("feature/x"), "packs/one"));
        assertThat(parse("https://host/a/repo#:packs"))
                .isEqualTo(new Reference.InGit("https://host/a/repo", Optional.empty(), "packs"));
        assertThat(parse("git@host:a/repo.git#main"))
                .isEqualTo(new Reference.InGit("git@host:a/repo.git", Optional.of("main"), ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "../outside | leads out of the source",
                "./a/../../b | leads out of the source",
                "/etc | is neither a folder of the source nor the URL of a git repository",
                "file:///etc/x.git | is neither a folder of the source nor the URL of a git repository",
                "https://host/repo.git#-x | names no branch, tag or commit after the #",
                "https://host/repo.git#a..b | names no branch, tag or commit after the #",
                "https://host/repo.git#main:../x | leads out of the repository",
                "docker://acme/pack | is an image or an archive, and Stoa has no registry of images",
                "docker.io/acme/pack:1 | is neither a folder of the source nor the URL of a git repository",
                "urn:cnb:registry:heroku/python | is a name in a registry of buildpacks, and Stoa asks none",
                "https://user:secret@host/repo.git#-x | names no branch, tag or commit after the #",
            })
    void anythingElseIsRefusedWithItsReason(String entry, String reason) {
        StoaException error = failed(entry);

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_MANIFEST);
        assertThat(error.message()).endsWith("\" in \"buildpacks\" of [build] in stoa.toml " + reason);
        assertThat(error.message()).doesNotContain("secret");
        assertThat(error.hint()).isPresent();
    }

    @Test
    void aNameFromARegistryLeadsToStoasOwn() {
        String hint = "Stoa has a buildpack of its own for that:  buildpack = \"python\"";
        assertThat(failed("heroku/python").hint()).hasValue(hint);
        assertThat(failed("urn:cnb:registry:heroku/python@1.2.3").hint()).hasValue(hint);
        assertThat(failed("docker://docker.io/heroku/python:latest").hint()).hasValue(hint);
    }

    @Test
    void aFolderWithoutItsDotIsRecognised() throws IOException {
        Files.createDirectories(dir.resolve("my-pack"));

        assertThat(failed("my-pack").hint()).hasValue("write it like this:  buildpacks = [\"./my-pack\"]");
    }

    private Reference parse(String entry) {
        return Reference.parse(entry, List.of("python", "node"), new Folder(dir, "/app"));
    }

    private StoaException failed(String entry) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> parse(entry));
        assertThat(error).isNotNull();
        return error;
    }
}
