package dev.stoa.platform.engine.process;

import static dev.stoa.platform.engine.process.NetfilterBatch.Field.DESTINATION;
import static dev.stoa.platform.engine.process.NetfilterBatch.Field.DESTINATION_PORT;
import static dev.stoa.platform.engine.process.NetfilterBatch.Field.SOURCE;
import static dev.stoa.platform.engine.process.NetfilterBatch.Hook.FORWARD;
import static dev.stoa.platform.engine.process.NetfilterBatch.Hook.OUTPUT;
import static dev.stoa.platform.engine.process.NetfilterBatch.Hook.POSTROUTING;
import static dev.stoa.platform.engine.process.NetfilterBatch.Hook.PREROUTING;

import java.io.IOException;

/** The rules of the kernel's packet filter for the network of the instances. */
final class Netfilter {
    private static final int HTTP_PORT = 80;

    private Netfilter() {}

    /**
     * Puts the rules of a pool of addresses in force, in place of those that its table had:
     *
     * <ul>
     *   <li>What instances send to the world leaves with the machine's own address.
     *   <li>Nobody else begins a connection to an instance: no other instance, no other machine, and no user of this machine
     *       but the platform's.
     *   <li>Port 80 of the gateway is the platform's internal one.
     * </ul>
     *
     * @param pool         such as 10.200.16.0, with {@code prefix} bits
     * @param internalPort 0: nothing listens on the gateway
     * @param user         the uid of the platform
     */
    static void install(String table, byte[] pool, int prefix, byte[] gateway, int internalPort, int user)
            throws IOException {
        NetfilterBatch rules = new NetfilterBatch(table);
        rules.anew();
        rules.chain("out", POSTROUTING);
        rules.rule(
                "out",
                NetfilterBatch.within(SOURCE, pool, prefix),
                NetfilterBatch.outside(DESTINATION, pool, prefix),
                NetfilterBatch.masquerade());
        rules.chain("between", FORWARD);
        rules.rule(
                "between",
                NetfilterBatch.within(DESTINATION, pool, prefix),
                NetfilterBatch.newConnection(),
                NetfilterBatch.drop());
        rules.chain("within", OUTPUT);
        rules.rule(
                "within",
                NetfilterBatch.within(DESTINATION, pool, prefix),
                NetfilterBatch.newConnection(),
                NetfilterBatch.notOfUser(user),
                NetfilterBatch.drop());
        if (internalPort > 0) {
            rules.chain("gateway", PREROUTING);
            rules.rule(
                    "gateway",
                    NetfilterBatch.within(SOURCE, pool, prefix),
                    NetfilterBatch.is(DESTINATION, gateway),
                    NetfilterBatch.tcp(),
                    NetfilterBatch.is(DESTINATION_PORT, NetfilterBatch.port(HTTP_PORT)),
                    NetfilterBatch.redirect(gateway, internalPort));
        }
        rules.send();
    }

    /** Takes the rules of a table out of force; one that is not there stays so. */
    static void remove(String table) throws IOException {
        NetfilterBatch rules = new NetfilterBatch(table);
        rules.gone();
        rules.send();
    }
}
