/* The plain C interface between mlpipe and a scoring module (mlpipe_torch.so). Only worker processes open one.
   A module exports `const struct mlpipe_scoring_module* mlpipe_scoring_module_v1(void)`. */
#ifndef MLPIPE_SCORING_MODULE_H
#define MLPIPE_SCORING_MODULE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mlpipe_scorer; /* a loaded model with its preprocessing; owned by the caller of open */

struct mlpipe_item {
  const char* path; /* absolute, any bytes, 0-terminated */
};

/* `row`: a row of the item without its line end; an image gives one, an array one a row of it, in order (none: an empty
   array). `failed`: why the item failed; rows that it gave before are void. Items may interleave. Texts need not be
   0-terminated and are valid during the call. */
struct mlpipe_row_sink {
  void* context;
  void (*row)(void* context, size_t item, const char* text, size_t length);
  void (*failed)(void* context, size_t item, const char* reason, size_t length);
};

struct mlpipe_scoring_module {
  const char* version; /* of the module and its LibTorch, for doctor */
  /* `configuration`: the JSON text that scoring/configuration.h writes. NULL: failed, and *error is a text that
     free_text takes back. Starts no thread, so that the process can fork afterwards. */
  struct mlpipe_scorer* (*open)(const char* configuration, char** error);
  /* Scores all items in fixed batches, the last one padded. 0: every item got its rows or a reason; else *error says why
     the mini-batch as a whole failed (for free_text). */
  int (*score)(struct mlpipe_scorer*, const struct mlpipe_item* items, size_t count, const struct mlpipe_row_sink*, char** error);
  void (*close)(struct mlpipe_scorer*);
  void (*free_text)(char*);
};

#ifdef __cplusplus
}
#endif
#endif
