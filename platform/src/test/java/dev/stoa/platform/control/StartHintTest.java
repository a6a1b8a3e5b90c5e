package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartHintTest {
    @Test
    void aScriptThatIsNotExecutableIsToldTheCommandForThat() {
        assertThat(StartHint.of(126, List.of("/bin/sh: 1: ./run.sh: Permission denied")))
                .contains("make it executable, and deploy again:  chmod +x ./run.sh");
    }

    @Test
    void aFileThatIsNotThereMayHaveAFirstLineFromWindows() {
        assertThat(StartHint.of(127, List.of("hello", "/bin/sh: 1: ./run.sh: not found"))
                        .orElseThrow())
                .startsWith("see that ./run.sh is among the files");
    }

    @Test
    void aProgramThatIsNotThereIsNamed() {
        assertThat(StartHint.of(127, List.of("/bin/sh: 1: pm2: not found")).orElseThrow())
                .startsWith("pm2 is neither on this machine");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "ModuleNotFoundError: No module named 'flask.json' | flask is not among the app's dependencies: name it in requirements.txt or pyproject.toml, and deploy again",
                "python: can't open file '/app/shop.py': [Errno 2] No such file or directory | /app/shop.py is not there:",
                "Error: Cannot find module '/app/dist/main.js' | /app/dist/main.js is not there:",
                "Error: Cannot find module './routes' | ./routes is not there:",
                "Error: Cannot find module 'pg/lib' | pg is not among the app's dependencies: name it in package.json",
                "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@hono/node-server' imported from /app/x.js | @hono/node-server is not among",
                "TypeError [ERR_UNKNOWN_FILE_EXTENSION]: Unknown file extension \".ts\" for /app/index.ts | this Node.js does not run TypeScript: compile /app/index.ts",
                "app.rb:1:in `require': cannot load such file -- sinatra (LoadError) | sinatra is not among the app's dependencies: name it in the Gemfile",
                "Error: Unable to access jarfile target/shop.jar | target/shop.jar is not there:"
            })
    void whatItsLanguageDoesNotFindIsNamed(String line, String hint) {
        assertThat(StartHint.of(1, List.of(line, "    at x.js:1", "")).orElse(""))
                .startsWith(hint);
    }

    @Test
    void aCommandThatEndsByItselfIsNoProcessType() {
        assertThat(StartHint.of(0, List.of("done")).orElse("")).contains("a process type is to go on running");
    }

    @Test
    void whatTheAppItselfSaysIsNotExplained() {
        assertThat(StartHint.of(1, List.of("open /data: Permission denied"))).isEmpty();
        assertThat(StartHint.of(126, List.of("boom"))).isEmpty();
    }
}
