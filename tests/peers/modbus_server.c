/* A Modbus device on libmodbus, over TCP or on a serial line, with the registers that standard input gives it.
 *
 *   modbus_server tcp 127.0.0.1        prints the port it listens on
 *   modbus_server rtu DEVICE UNIT      prints "ready"
 *
 * Input, until "serve": lines of FUNCTION ADDRESS VALUE, with FUNCTION one of coil, discrete, holding, input.
 * A question for holding register 900 + n is answered with exception n. Registers from SIZE up do not exist.
 */

#include <arpa/inet.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SIZE = 800, FIRST_EXCEPTION = 900, LAST_EXCEPTION = 911 };

static int load(modbus_mapping_t *map)
{
    char line[128], function[16];
    int address, value;

    while (fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "serve", 5) == 0)
            return 0;
        if (sscanf(line, "%15s %d %d", function, &address, &value) != 3 || address < 0 || address >= SIZE)
            return -1;
        if (strcmp(function, "coil") == 0)
            map->tab_bits[address] = (uint8_t)value;
        else if (strcmp(function, "discrete") == 0)
            map->tab_input_bits[address] = (uint8_t)value;
        else if (strcmp(function, "holding") == 0)
            map->tab_registers[address] = (uint16_t)value;
        else if (strcmp(function, "input") == 0)
            map->tab_input_registers[address] = (uint16_t)value;
        else
            return -1;
    }
    return -1;
}

static void serve(modbus_t *ctx, modbus_mapping_t *map, int until_error)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int header = modbus_get_header_length(ctx);

    for (;;) {
        int length = modbus_receive(ctx, query);
        if (length == -1 && until_error)
            return;
        if (length <= 0)
            continue; /* noise, or a question to another device */
        int address = query[header + 1] << 8 | query[header + 2];
        if (query[header] == MODBUS_FC_READ_HOLDING_REGISTERS && address >= FIRST_EXCEPTION && address <= LAST_EXCEPTION)
            modbus_reply_exception(ctx, query, (unsigned)(address - FIRST_EXCEPTION));
        else
            modbus_reply(ctx, query, length, map);
    }
}

static int over_tcp(modbus_mapping_t *map, const char *host)
{
    struct sockaddr_in here;
    socklen_t size = sizeof here;
    modbus_t *ctx = modbus_new_tcp(host, 0);
    int listener = ctx ? modbus_tcp_listen(ctx, 4) : -1;

    if (listener == -1 || getsockname(listener, (struct sockaddr *)&here, &size) == -1)
        return 1;
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    for (;;) {
        if (modbus_tcp_accept(ctx, &listener) == -1)
            return 1;
        serve(ctx, map, 1);
        modbus_close(ctx);
    }
}

static int over_serial(modbus_mapping_t *map, const char *device, int unit)
{
    modbus_t *ctx = modbus_new_rtu(device, 115200, 'N', 8, 1);

    if (!ctx || modbus_set_slave(ctx, unit) == -1 || modbus_connect(ctx) == -1)
        return 1;
    puts("ready");
    fflush(stdout);
    serve(ctx, map, 0);
    return 0;
}

int main(int count, char **argument)
{
    modbus_mapping_t *map = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);

    if (!map || load(map) == -1)
        return 2;
    if (count == 3 && strcmp(argument[1], "tcp") == 0)
        return over_tcp(map, argument[2]);
    if (count == 4 && strcmp(argument[1], "rtu") == 0)
        return over_serial(map, argument[2], atoi(argument[3]));
    return 2;
}
