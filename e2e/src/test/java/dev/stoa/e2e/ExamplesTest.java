package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ExamplesTest {
    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void helloPythonAnswers() {
        deploysAndSaysHello("hello-python");
    }

    @Test
    void helloNodeAnswers() {
        deploysAndSaysHello("hello-node");
    }

    @Test
    void helloJavaAnswers() {
        deploysAndSaysHello("hello-java");
    }

    @Test
    void helloStaticAnswers() {
        deploysAndSaysHello("hello-static");
    }

    @Test
    void workerRunsBothOfItsProcessTypes() {
        deploysAndSaysHello("worker");
        assertThat(stoa.instances("worker"))
                .extracting(instance -> instance.path("process").asString())
                .containsExactly("web", "worker");
    }

    private static void deploysAndSaysHello(String name) {
        Stoa.Result deploy = stoa.ok("deploy", Stoa.example(name).toString());
        assertThat(deploy.lastLine()).isEqualTo("http://%s.localhost:%d".formatted(name, stoa.httpPort()));
        assertThat(stoa.get(name, "/").body()).contains("Hello from Stoa");
        assertThat(stoa.instances(name))
                .allSatisfy(instance ->
                        assertThat(instance.path("state").asString()).isEqualTo("up"));
    }
}
