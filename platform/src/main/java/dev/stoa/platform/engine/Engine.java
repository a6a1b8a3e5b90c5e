package dev.stoa.platform.engine;

import dev.stoa.api.TerminalSize;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Runs instances. An engine knows nothing of apps: an instance is an id, a slug, a command and limits. Instances outlive
 * the platform; an engine that is constructed again over the same directory finds them.
 *
 * <p>All methods may be called from any thread.
 */
public interface Engine extends AutoCloseable {
    /** Such as {@code process}. */
    String name();

    Isolation isolation();

    /**
     * Where the files of a slug built by this engine stand when its instances run: a build must happen at the same path,
     * as virtual environments and the like write it into their files.
     *
     * @param slug where the files stand on disk
     */
    String slugMount(Path slug);

    /** Whether instances have a file system of their own, in which {@link InstanceSpec.Mount} stands where it says. */
    boolean mounts();

    /** Gives a tree to the tenant, so that its instances may write it. Idempotent. */
    void own(Path tree, int tenant);

    /**
     * Makes ready what is around an instance, for a {@link #start} with the same id that is to be quick. It is no instance
     * yet: only {@code start} and {@link #remove} know it, and it ends with the platform. Does nothing for one with mounts,
     * whose folders would be in use.
     *
     * @throws dev.stoa.api.StoaException if it cannot be made ready
     */
    void prepare(InstanceSpec spec);

    /**
     * Starts an instance and returns once its process is launched; whether it gets healthy is for others to watch.
     *
     * @throws dev.stoa.api.StoaException if it could not be launched
     */
    InstanceStatus start(InstanceSpec spec);

    /**
     * Starts an instance whose streams are the caller's: nothing is written to its output file, and it ends with the
     * platform.
     *
     * @param terminal the size of the terminal that it gets; empty for pipes
     * @throws dev.stoa.api.StoaException if it could not be launched
     */
    Attached attach(InstanceSpec spec, Optional<TerminalSize> terminal);

    /**
     * Runs one more command in a running instance: in its namespaces, as its user and within its limits, so with no right
     * that the instance has not. It ends with the instance.
     *
     * @param env as in {@link InstanceSpec}; the engine adds the same to it
     * @throws dev.stoa.api.StoaException if the instance does not run, or the command could not be launched
     */
    Attached exec(String id, String command, Map<String, String> env, Optional<TerminalSize> terminal);

    /** Every instance that was started and not yet removed, running or exited. */
    List<InstanceStatus> instances();

    Optional<InstanceStatus> instance(String id);

    /** Sends SIGTERM to every process of the instance. Does nothing if it has exited. */
    void terminate(String id);

    /** Ends every process of the instance at once. Does nothing if it has exited. */
    void kill(String id);

    /** Waits until the instance has exited. */
    Exit await(String id) throws InterruptedException;

    /** Forgets an instance and deletes its files; ends it first if it still runs. Does nothing for one that it does not know. */
    void remove(String id);

    /** The ids of the instances that run and were given this folder, one-off commands included. */
    List<String> users(Path folder);

    /**
     * Holds all processes of these instances still until what is returned is closed, or the platform ends in whatever way.
     * Passes over those that do not run.
     *
     * @throws dev.stoa.api.StoaException if one of them cannot be held; none is then
     */
    Hold hold(List<String> ids);

    /** Processes that stand still. */
    interface Hold extends AutoCloseable {
        /** Lets them go on. */
        @Override
        void close();
    }

    /** The TCP addresses on which the instance's processes listen now, such as {@code 127.0.0.1:5000}. */
    List<String> listening(String id);

    /**
     * The address by which instances reach the platform; empty where they share the machine's network.
     *
     * @see #serveGateway
     */
    Optional<InetAddress> gateway();

    /** Leads clients past the platform; empty where there is no {@link #gateway}. */
    Optional<PortForwarding> forwarding();

    /** The tenant of the instance that has this address. */
    Optional<Integer> tenantAt(InetAddress address);

    /** From now on port 80 of the gateway leads to this port of it, whatever else listens on port 80 of the machine. */
    void serveGateway(int port);

    /** From now on these host names lead an instance to the gateway. Does nothing where there is none. */
    void names(String id, List<String> names);

    /** Calls back, from a thread of the engine's own, with the id of each instance that exits from now on. */
    void onExit(Consumer<String> listener);

    /** Stops watching. The instances go on. */
    @Override
    void close();
}
