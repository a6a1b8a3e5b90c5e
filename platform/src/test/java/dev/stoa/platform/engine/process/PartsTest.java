package dev.stoa.platform.engine.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.StoaException;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The parts of the engine that need no process. */
class PartsTest {
    @Test
    void aVariableWithANameThatNoShellTakesIsRefused() {
        assertThatThrownBy(() -> StartScript.of(Map.of("A;rm", "x"), "/app", "true", Stdio.LOGGED))
                .isInstanceOf(StoaException.class)
                .hasMessage("the environment variable \"A;rm\" cannot be given to a process");
    }

    @Test
    void theCommandStandsInTheLastLineSoThatAPartOfTheScriptStartsNothing() {
        String script = StartScript.of(Map.of("A", "it's"), "/app", "echo 'x'", Stdio.LOGGED);

        assertThat(script.lines().toList()).first().isEqualTo("export A='it'\\''s'");
        assertThat(script.lines().toList()).last().isEqualTo("{ exec /bin/sh -c 'echo '\\''x'\\''' </dev/null 4>&-; }");
    }

    @Test
    void aPlainCommandTakesThePlaceOfTheShellAndOneThatNeedsAShellGetsOne() {
        for (String plain :
                List.of("node server.js", "bin/rails server -p 80 a=b", "gunicorn app:app --bind 0.0.0.0:80")) {
            assertThat(last(plain)).isEqualTo("{ exec " + plain + " </dev/null 4>&-; }");
        }
        for (String other : List.of(
                "cd x", "A=b node", "node $X", "a && b", "a; b", "x ~/y", "while true", "exec node", "- x", "a\nb")) {
            assertThat(last(other)).startsWith("{ exec /bin/sh -c ");
        }
    }

    private static String last(String command) {
        return StartScript.of(Map.of(), "/app", command, Stdio.LOGGED)
                .lines()
                .filter(line -> line.startsWith("{"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void addressesAreReadFromTheKernelsTables() throws Exception {
        assertThat(Listening.address("0100007F", "1F90")).isEqualTo("127.0.0.1:8080");
        assertThat(Listening.address("00000000000000000000000000000000", "0050"))
                .isEqualTo("[::]:80");
        assertThat(Listening.address("00000000000000000000000001000000", "0050"))
                .isEqualTo("[::1]:80");
        assertThat(Listening.address("0000000000000000FFFF00000100007F", "0050"))
                .isEqualTo("127.0.0.1:80");
    }

    @Test
    void aPortThatSomebodyElseHasIsSkipped() throws Exception {
        Ports ports = new Ports(17);
        int first = ports.take();
        try (ServerSocket other = new ServerSocket(first + 1)) {
            assertThat(ports.take()).isGreaterThan(other.getLocalPort());
        }
    }

    @Test
    void noPortIsHandedOutTwiceUntilItIsGivenBack() {
        Ports ports = new Ports(Ports.LAST - Ports.FIRST - 5);
        Set<Integer> taken = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            assertThat(taken.add(ports.take())).isTrue();
        }
        assertThat(taken).allMatch(port -> port >= Ports.FIRST && port <= Ports.LAST);
    }
}
