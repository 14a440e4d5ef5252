/* What keeps Kafka from answering, in the words of the last who was refused: a certificate, a
 * password, a connection. It is what a start that waits for Kafka waits for. From any thread. */
#ifndef APPEAL_ROUTERD_KAFKA_TROUBLE_H
#define APPEAL_ROUTERD_KAFKA_TROUBLE_H

enum { TROUBLE_TEXT_SIZE = 500 };

/* How much it tells: the failed connection that follows from a refusal does not hide it. */
enum trouble_weight {
    TROUBLE_CONNECTION,
    TROUBLE_REFUSAL,
};

/* @text is made one line of plain characters, whatever a neighbour said, and cut to what fits. */
void trouble_note(enum trouble_weight weight, const char *text);

/* Kafka has answered, or is asked with other certificates or passwords from here on. */
void trouble_forget(void);

/* Empty where there is none, or none that has come up again within a minute. Gives @ret. */
const char *trouble_get(char ret[static TROUBLE_TEXT_SIZE]);

#endif
