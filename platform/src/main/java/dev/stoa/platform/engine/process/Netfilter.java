package dev.stoa.platform.engine.process;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules of the kernel's packet filter (nf_tables) for the network of the instances, spoken as netlink messages: the
 * program nft is not on every machine. {@code nft list table ip NAME} shows them as text.
 *
 * <p>Numbers are those of linux/netfilter/nf_tables.h and nfnetlink.h.
 */
final class Netfilter {
    private static final int SUBSYSTEM = 10;
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int NEW_TABLE = 0;
    private static final int DELETE_TABLE = 2;
    private static final int NEW_CHAIN = 3;
    private static final int NEW_RULE = 6;

    private static final int REQUEST = 1;
    private static final int ACK = 4;
    private static final int CREATE = 0x400;
    private static final int APPEND = 0x800;
    private static final int NESTED = 0x8000;

    private static final byte IPV4 = 2;
    private static final int PREROUTING = 0;
    private static final int FORWARD = 2;
    private static final int OUTPUT = 3;
    private static final int POSTROUTING = 4;
    private static final int PRIORITY_FILTER = 0;
    private static final int PRIORITY_DESTINATION_NAT = -100;
    private static final int PRIORITY_SOURCE_NAT = 100;

    private static final int NETWORK_HEADER = 1;
    private static final int TRANSPORT_HEADER = 2;
    private static final int SOURCE_OFFSET = 12;
    private static final int DESTINATION_OFFSET = 16;
    private static final int DESTINATION_PORT_OFFSET = 2;
    private static final int EQUAL = 0;
    private static final int NOT_EQUAL = 1;
    private static final int META_L4_PROTOCOL = 16;
    private static final int META_SOCKET_USER = 10;
    private static final byte TCP = 6;
    private static final int CT_STATE = 0;
    private static final int CT_STATE_NEW = 8;
    private static final int NAT_DESTINATION = 1;
    private static final int HTTP_PORT = 80;

    private final String table;
    private final List<byte[]> messages = new ArrayList<>();

    private Netfilter(String table) {
        this.table = table;
    }

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
        Netfilter rules = new Netfilter(table);
        rules.table(NEW_TABLE);
        rules.table(DELETE_TABLE);
        rules.table(NEW_TABLE);
        rules.chain("out", "nat", POSTROUTING, PRIORITY_SOURCE_NAT);
        rules.rule(
                "out",
                rules.address(SOURCE_OFFSET, pool, prefix, EQUAL),
                rules.address(DESTINATION_OFFSET, pool, prefix, NOT_EQUAL),
                expression("masq"));
        rules.chain("between", "filter", FORWARD, PRIORITY_FILTER);
        rules.rule("between", rules.address(DESTINATION_OFFSET, pool, prefix, EQUAL), newConnection(), drop());
        rules.chain("within", "filter", OUTPUT, PRIORITY_FILTER);
        rules.rule(
                "within",
                rules.address(DESTINATION_OFFSET, pool, prefix, EQUAL),
                newConnection(),
                concat(
                        expression("meta", number(1, 1), number(2, META_SOCKET_USER)),
                        compare(NOT_EQUAL, inHostOrder(user))),
                drop());
        if (internalPort > 0) {
            rules.chain("gateway", "nat", PREROUTING, PRIORITY_DESTINATION_NAT);
            rules.rule(
                    "gateway",
                    rules.address(SOURCE_OFFSET, pool, prefix, EQUAL),
                    rules.address(DESTINATION_OFFSET, gateway, Integer.SIZE, EQUAL),
                    expression("meta", number(1, 1), number(2, META_L4_PROTOCOL)),
                    compare(EQUAL, new byte[] {TCP}),
                    payload(TRANSPORT_HEADER, DESTINATION_PORT_OFFSET, Short.BYTES),
                    compare(EQUAL, port(HTTP_PORT)),
                    expression("immediate", number(1, 1), nested(2, attribute(1, gateway))),
                    expression("immediate", number(1, 2), nested(2, attribute(1, port(internalPort)))),
                    expression("nat", number(1, NAT_DESTINATION), number(2, IPV4), number(3, 1), number(5, 2)));
        }
        rules.send();
    }

    /** Takes the rules of a table out of force; one that is not there stays so. */
    static void remove(String table) throws IOException {
        Netfilter rules = new Netfilter(table);
        rules.table(NEW_TABLE);
        rules.table(DELETE_TABLE);
        rules.send();
    }

    private void send() throws IOException {
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        batch.writeBytes(message(BATCH_BEGIN, REQUEST, (byte) 0, SUBSYSTEM, new byte[0]));
        messages.forEach(batch::writeBytes);
        batch.writeBytes(message(BATCH_END, REQUEST, (byte) 0, SUBSYSTEM, new byte[0]));
        try (NetlinkSocket socket = new NetlinkSocket()) {
            socket.exchange(batch.toByteArray(), messages.size());
        }
    }

    private void table(int type) {
        add(type, type == NEW_TABLE ? CREATE : 0, text(1, table));
    }

    private void chain(String name, String type, int hook, int priority) {
        add(
                NEW_CHAIN,
                CREATE,
                concat(
                        text(1, table),
                        text(3, name),
                        nested(4, concat(number(1, hook), number(2, priority))),
                        text(7, type)));
    }

    private void rule(String chain, byte[]... expressions) {
        add(NEW_RULE, CREATE | APPEND, concat(text(1, table), text(2, chain), nested(4, concat(expressions))));
    }

    private void add(int type, int flags, byte[] attributes) {
        messages.add(message(SUBSYSTEM << 8 | type, REQUEST | ACK | flags, IPV4, 0, attributes));
    }

    private byte[] address(int offset, byte[] address, int prefix, int operator) {
        byte[] mask = ByteBuffer.allocate(Integer.BYTES)
                .putInt(prefix == 0 ? 0 : -1 << (Integer.SIZE - prefix))
                .array();
        return concat(payload(NETWORK_HEADER, offset, Integer.BYTES), masked(mask), compare(operator, address));
    }

    private static byte[] newConnection() {
        return concat(
                expression("ct", number(1, 1), number(2, CT_STATE)),
                masked(inHostOrder(CT_STATE_NEW)),
                compare(NOT_EQUAL, inHostOrder(0)));
    }

    private static byte[] drop() {
        return expression("immediate", number(1, 0), nested(2, nested(2, number(1, 0))));
    }

    private static byte[] payload(int header, int offset, int length) {
        return expression("payload", number(1, 1), number(2, header), number(3, offset), number(4, length));
    }

    private static byte[] masked(byte[] mask) {
        return expression(
                "bitwise",
                number(1, 1),
                number(2, 1),
                number(3, mask.length),
                nested(4, attribute(1, mask)),
                nested(5, attribute(1, new byte[mask.length])));
    }

    private static byte[] compare(int operator, byte[] value) {
        return expression("cmp", number(1, 1), number(2, operator), nested(3, attribute(1, value)));
    }

    private static byte[] expression(String name, byte[]... attributes) {
        return nested(1, concat(text(1, name), nested(2, concat(attributes))));
    }

    private static byte[] message(int type, int flags, byte family, int resource, byte[] attributes) {
        int headerBytes = 20;
        ByteBuffer message =
                ByteBuffer.allocate(headerBytes + attributes.length).order(ByteOrder.nativeOrder());
        message.putInt(message.capacity()).putShort((short) type).putShort((short) flags);
        message.putInt(0).putInt(0);
        message.put(family).put((byte) 0);
        message.order(ByteOrder.BIG_ENDIAN).putShort((short) resource);
        return message.put(attributes).array();
    }

    private static byte[] nested(int type, byte[] content) {
        return attribute(type | NESTED, content);
    }

    private static byte[] text(int type, String text) {
        return attribute(type, (text + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] number(int type, int number) {
        return attribute(type, ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
    }

    /** Its length does not count the padding to four bytes. */
    private static byte[] attribute(int type, byte[] content) {
        int headerBytes = 4;
        ByteBuffer attribute =
                ByteBuffer.allocate((headerBytes + content.length + 3) & ~3).order(ByteOrder.nativeOrder());
        return attribute
                .putShort((short) (headerBytes + content.length))
                .putShort((short) type)
                .put(content)
                .array();
    }

    private static byte[] port(int port) {
        return ByteBuffer.allocate(Short.BYTES).putShort((short) port).array();
    }

    private static byte[] inHostOrder(int number) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putInt(number)
                .array();
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
