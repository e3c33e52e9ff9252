# include slim.mk, then: make gate IMAGE=docker-archive:app.tar
SLIM ?= slim
POLICY ?= .slim-policy.yaml
.PHONY: gate
gate: $(POLICY) ; $(SLIM) gate $(IMAGE) --policy $(POLICY) $(if $(BASELINE),--baseline $(BASELINE))
# The first time: from the image as it is.
$(POLICY): ; $(SLIM) gate $(IMAGE) --init --output $@
