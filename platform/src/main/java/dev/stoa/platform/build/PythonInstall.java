package dev.stoa.platform.build;

import java.util.List;

/** A way to bring the dependencies into the virtual environment. */
sealed interface PythonInstall permits PipInstall, UvInstall, PoetryInstall {
    /** Everything that decides what the environment will contain. */
    List<String> ingredients();

    /** Whether the same ingredients make the same environment. */
    boolean keeps();

    /** Makes the environment. */
    void into(PythonEnvironment environment) throws InterruptedException;
}
